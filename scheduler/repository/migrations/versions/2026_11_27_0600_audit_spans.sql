-- From when to when a block of the audit log lasts: one row for each commit instead of an index entry for each line.
CREATE TABLE audit_spans (
    tenant TEXT NOT NULL,
    last INTEGER NOT NULL,
    block INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (tenant, last, block)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_spans (tenant, last, block, first)
SELECT tenant, max(timestamp), block, min(timestamp) FROM audit_log GROUP BY tenant, block;

-- A trigger, so that a process of the version before, which still runs, keeps it up as well.
CREATE TRIGGER audit_blocks_have_spans AFTER INSERT ON audit_blocks
BEGIN
    INSERT INTO audit_spans (tenant, last, block, first)
    SELECT tenant, max(timestamp), block, min(timestamp) FROM audit_log
    WHERE tenant = NEW.tenant AND block = NEW.block GROUP BY tenant, block;
END;

CREATE TRIGGER audit_spans_are_not_changed BEFORE UPDATE ON audit_spans
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_spans_are_not_deleted BEFORE DELETE ON audit_spans
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

DROP INDEX audit_by_time;
