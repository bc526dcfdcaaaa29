"""What is special about a source, a folder a kind: how it is stood up, and the plainest way to read its pages."""

#: In the order in which they are measured.
KINDS = ("clever", "classlink")
