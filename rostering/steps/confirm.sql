-- name: absent
SELECT user_id, min(external_id) AS external_id FROM rostering_change
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent'
GROUP BY user_id
ORDER BY 2

-- name: stay
DELETE FROM rostering_change
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)

-- name: leave
UPDATE rostering_change SET why = %(state)s
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)
