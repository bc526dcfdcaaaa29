"""First passwords that can be read out, typed and told apart."""

from __future__ import annotations

import secrets

# Short, common, spelled as they sound; none is a name or could embarrass a school.
WORDS = """
acorn amber anchor apple apron arrow aspen attic bacon badge bagel bamboo banjo barn basil basket
beach beacon beetle bench berry birch biscuit blanket bloom bonnet border bottle breeze brick bridge broom
brush bubble bucket buffalo bundle butter button cabin cactus camel camera candle canoe canyon carbon carpet
carrot castle cedar cereal chalk cherry chestnut chimney cider cinema circle clover cobalt coconut comet copper
coral corner cotton cougar cradle crane crater cricket crystal curtain daisy dancer denim desert diamond dinner
dolphin donkey dragon drum eagle earth echo ember engine fabric falcon farmer feather fern fiddle
finch flame flower forest fossil fountain fox galaxy garden garlic gazelle ginger giraffe glacier goblet
granite grape gravel guitar hammer harbor harvest hazel helmet heron hickory hollow honey horizon husky
igloo indigo island ivory jacket jaguar jasmine jelly jigsaw jungle juniper kernel kettle kitten koala
ladder lagoon lantern laurel lemon lentil leopard lilac linen lizard lobster lumber magnet mango maple
marble marsh meadow melon meteor mirror mitten monsoon mosaic mountain muffin mustard napkin nectar needle
nickel nutmeg oasis ocean olive onion orange orbit orchard orchid osprey otter owl oyster paddle
palace panda panther paper parade parrot pasta peach peanut pebble pelican pencil penguin pepper piano
picnic pigeon pillow pine planet plum pocket pollen poplar potato prairie pretzel prism pumpkin puzzle
quail quartz quilt rabbit raccoon radish rafter rainbow raven ribbon river robin rocket saddle saffron
sailor salmon sandal saturn scarf shadow sierra silver spruce summit sunset tango tiger timber tulip
""".split()  # noqa: SIM905 - a list of words reads best as words

# 0, 1 and letters that look like them are never used as digits.
DIGITS = "23456789"


def first_password() -> str:
    """A random password such as maple-river-otter-4729: 36 bits, and it must be replaced."""
    words = "-".join(secrets.choice(WORDS) for _ in range(3))
    return f"{words}-{''.join(secrets.choice(DIGITS) for _ in range(4))}"
