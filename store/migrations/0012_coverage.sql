-- R42: covered_to is the last day up to which reports cover everything: what a submission covers, and the zero reports that
-- follow on without a gap. Zero reports beyond a gap, and exemptions, are laid beside it when somebody asks who is overdue.
-- closed_on is the last day of which a report is expected; there is no state beside it.

-- What was forgiven stays so. Nothing was expected any more of one that had closed, and an exemption that had begun
-- covered all before it.
UPDATE dispensers SET covered_to = closed_on WHERE state = 'closed' AND covered_to < closed_on;
UPDATE dispensers SET covered_to = begun.from_on
FROM (SELECT dispenser, max(from_on) AS from_on FROM dispenser_exemptions
    WHERE from_on <= to_on AND from_on <= CAST(CURRENT_DATE AS TEXT) GROUP BY dispenser) AS begun
WHERE dispensers.dispenser = begun.dispenser AND dispensers.covered_to < begun.from_on;

DROP INDEX dispensers_by_cover;
ALTER TABLE dispensers DROP COLUMN state;
CREATE INDEX dispensers_by_cover ON dispensers (kind, covered_to, dispenser)
    WHERE closed_on IS NULL OR covered_to < closed_on;

DROP INDEX zero_reports_by_day;
CREATE INDEX zero_reports_of ON zero_reports (dispenser, period_to);
