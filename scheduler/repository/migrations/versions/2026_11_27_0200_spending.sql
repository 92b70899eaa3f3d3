CREATE TABLE spending (
    account TEXT PRIMARY KEY, -- "job ID", "tenant NAME DAY", "day DAY"
    tokens INTEGER NOT NULL,
    micros INTEGER NOT NULL -- millionths of the currency of the price list
) STRICT, WITHOUT ROWID;
