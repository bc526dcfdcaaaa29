"""Who may read the sandbox's Google, and one user at a time. Numbers are the points a faithful server keeps."""

from __future__ import annotations

import pytest

from integrations.google.sandbox import ASKED, Customer, GoogleSandbox
from integrations.google.sandbox.accounts import DIRECTORY
from tests.integrations.google import GROUPS, UNITS, USERS, bearer, read, reason, segment, users
from tests.integrations.raw import ask


@pytest.fixture
def who(google: GoogleSandbox, customer: Customer) -> str:
    """The Authorization header of the sync account."""
    assert customer.sync_account
    return bearer(google)


def mine(google: GoogleSandbox, who: str, **asked: object) -> tuple[int, str]:
    """How one page of users is refused."""
    return reason(read(google, "users", who, **{"customer": "my_customer", **asked}))


@pytest.mark.usefixtures("customer")
@pytest.mark.parametrize("said", ["Bearer ya29.nobody", "Basic eDp5", "nonsense"])
def test_8_a_token_that_is_none(said: str, google: GoogleSandbox) -> None:
    """401, like no token at all, which is told in other words."""
    assert mine(google, said) == (401, "authError")
    assert mine(google, "") == (401, "required")


@pytest.mark.parametrize(
    ("scopes", "opened"),
    [
        ([USERS], {"users"}),
        ([f"{DIRECTORY}user"], {"users"}),
        ([UNITS], {"orgunits"}),
        ([f"{DIRECTORY}orgunit"], {"orgunits"}),
        ([GROUPS], {"groups", "members"}),
        ([f"{DIRECTORY}group.member.readonly"], {"members"}),
        ([], set()),
    ],
)
def test_8_a_scope_opens_its_own(
    scopes: list[str], opened: set[str], google: GoogleSandbox, customer: Customer
) -> None:
    """Everything else is 403 with a detail that says so."""
    said = bearer(google, scopes=scopes)
    targets = {
        "users": "users?customer=my_customer",
        "orgunits": "customer/my_customer/orgunits",
        "groups": "groups?customer=my_customer",
        "members": f"groups/office@{customer.domain}/members",
    }
    for name, target in targets.items():
        answer = read(google, target, said)
        assert (answer.status == 200) == (name in opened), name
        if name not in opened:
            assert reason(answer) == (403, "insufficientPermissions")
            assert answer.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_8_a_right_of_the_role_is_another_gate(google: GoogleSandbox, who: str) -> None:
    """Taken away, it is 403 forbidden at once, for this collection alone; a super admin needs none."""
    world = google.world()
    world.take("users")
    assert mine(google, who) == (403, "forbidden")
    assert read(google, "groups", who, customer="my_customer").status == 200
    world.grant("users")
    assert read(google, "users", who, customer="my_customer").status == 200
    world.take_role()
    assert reason(read(google, "groups", who, customer="my_customer")) == (403, "forbidden")
    world.make_super_admin()
    assert read(google, "groups", who, customer="my_customer").status == 200


def test_8_nobody_else_reads(google: GoogleSandbox, customer: Customer) -> None:
    """A student and a consumer agree to everything and may read nothing, until one is made an admin."""
    student = customer.invented.at(0).email
    for account in (student, google.consumer.email):
        assert mine(google, bearer(google, account)) == (403, "forbidden")
    google.world().make_admin(student, ["users"])
    said = bearer(google, student)
    assert len(users(google, said)) == 302
    assert reason(read(google, "groups", said, customer="my_customer")) == (403, "forbidden")


def test_8_a_role_limited_to_a_unit(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """Sees a part and no error, or is refused; groups are not limited."""
    google.world().limit_role("/Students/2022")
    assert {row["orgUnitPath"] for row in users(google, who)} == {"/Students/2022"}
    units = read(google, "customer/my_customer/orgunits", who, type="all").json()["organizationUnits"]
    assert [row["orgUnitPath"] for row in units] == ["/Students/2022"]
    assert reason(read(google, f"users/{customer.invented.at(1).id}", who)) == (403, "forbidden")
    assert reason(read(google, "customer/my_customer/orgunits/Staff", who)) == (403, "forbidden")
    assert read(google, "groups", who, customer="my_customer").status == 200
    google.set_faults({"limited_role": "refuse"})
    assert mine(google, who) == (403, "forbidden")
    google.world().limit_role(None)
    assert len(users(google, who)) == 302


@pytest.mark.parametrize("verb", ["suspend", "archive", "delete"])
def test_8_a_sync_account_that_is_gone(verb: str, google: GoogleSandbox, customer: Customer, who: str) -> None:
    """Its access token ends with it."""
    google.world().do(verb, {"user": customer.sync_account})
    assert mine(google, who) == (401, "authError")


def test_15_one_user(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """By id, mail or alias, whatever the case."""
    user = customer.invented.at(3)
    assert user.aliases
    for key in (user.id, user.email.upper(), user.aliases[0]):
        assert read(google, f"users/{segment(key)}", who).json()["id"] == user.id
    assert reason(read(google, f"users/{'9' * 21}", who)) == (404, "notFound")
    assert reason(read(google, f"users/nobody@{customer.domain}", who)) == (404, "notFound")


def test_15_one_user_who_is_gone(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """412 for twenty days, then 404; brought back, it is the same account."""
    user, world = customer.invented.at(3), google.world()
    world.delete(user.id)
    answer = read(google, f"users/{user.id}", who)
    assert reason(answer) == (412, "conditionNotMet")
    assert answer.json()["error"]["message"] == "User is deleted."
    world.undelete(user.id)
    assert read(google, f"users/{user.id}", who).status == 200
    world.delete(user.id)
    now = google.clock() + 20 * 86_400 + 1
    google.clock = lambda: now
    assert reason(read(google, f"users/{user.id}", bearer(google))) == (404, "notFound")


def test_15_somebody_elses_user(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """403 for one of another customer or of the wide world; a group's mail is no user."""
    other = google.add_customer(5, seed=2)
    for key in (other.invented.at(0).id, other.invented.at(0).email, google.consumer.email):
        assert reason(read(google, f"users/{key}", who)) == (403, "forbidden")
    answer = read(google, f"users/office@{customer.domain}", who)
    assert (answer.status, answer.json()["error"]["message"]) == (400, "Type not supported: userKey")


def test_nothing_can_be_written(google: GoogleSandbox, customer: Customer, who: str) -> None:
    """We ask for nothing that writes; what is not there is 404."""
    assert ask(google, f"/admin/directory/v1/users/{customer.sync_account}", who, "DELETE").status == 403
    assert read(google, "mobiledevices", who).status == 404
    assert ask(google, "/nowhere").status == 404
    assert ASKED == (USERS, UNITS, GROUPS)
