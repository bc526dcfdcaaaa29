-- name: incoming
CREATE TEMPORARY TABLE incoming (
    external_id text, first_name text, last_name text, email text, active boolean, problem text, roles text, legacy text
) ON COMMIT DROP

-- name: copy
COPY incoming FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (external_id, first_name, last_name, email, problem))

-- name: stage
INSERT INTO {staged} (district_id, external_id, first_name, last_name, email, login, active, problem, roles, legacy, digest)
SELECT %(district)s, external_id, first_name, last_name, email, smartpass_login_email(email), active, problem,
    roles::jsonb, legacy::jsonb,
    hashtextextended(concat_ws(chr(31), first_name, last_name, email, active, problem, roles, legacy), 0)
FROM incoming

-- name: staged_for
SELECT DISTINCT split_part(relname, '_', 2)::bigint AS run FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname ~ '^staged_[0-9]+_[0-9]+$'

-- name: drop
SELECT smartpass_drop_staging(%(run)s)
