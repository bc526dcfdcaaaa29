"""The faults of ClassLink's own side, beside those of any OneRoster server.

prefix              where the proxy answers: "plain" (default), "proxy" (below /proxy/v1p0) or "both"
no_server           true: /applications/{id}/server answers 404
endpoint_with_path  true: it names the base path, not only the host
applications        this body instead of the listing
applications_single true: one object instead of a list, with a null bearer (the old form)
applications_clamp  no page of the listing holds more rows than this
applications_lose   tenant ids that are gone as soon as a later page of the listing is asked for
page_of             may be "applications" too
deny                true: whoever is asked for consent says no
flatten             true: sign-in shows administrators as teachers
org_id              "text" (default) or "list": what `OrgId` is
"""

from __future__ import annotations

from integrations.oneroster.sandbox.faults import KNOWN as ROSTER_FAULTS

#: Every switch.
KNOWN = ROSTER_FAULTS | {
    *("prefix", "no_server", "endpoint_with_path", "applications", "applications_single", "applications_clamp"),
    *("applications_lose", "deny", "flatten", "org_id"),
}
