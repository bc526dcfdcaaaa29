"""The API: how requests are let in, read, answered and described; and accounts through it."""
