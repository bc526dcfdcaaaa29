"""The demo: the whole product on one machine, with an invented district that arrives from a sandbox.

`children` runs the product's processes, `world` has the district and its people to sign in as,
`story` syncs it through the real worker, `counting` checks what happened against the tables, and
`words` says all of it on a terminal. `manage.py demo` puts them together.
"""
