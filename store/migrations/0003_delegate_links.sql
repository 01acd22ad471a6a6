-- Who may act for whom (R7, R23). state: asked | approved | refused | ended. A link rests, by itself, while either account is not
-- active; a refused one stays refused until it is asked for anew.
CREATE TABLE delegate_links (
    no {identity},
    delegate_id TEXT NOT NULL,
    supervisor_id TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    decided_at TEXT,
    reason TEXT
);
CREATE UNIQUE INDEX delegate_links_pair ON delegate_links (delegate_id, supervisor_id);
CREATE INDEX delegate_links_by_supervisor ON delegate_links (supervisor_id, state);
