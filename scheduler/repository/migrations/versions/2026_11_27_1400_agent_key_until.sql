ALTER TABLE agent_keys ADD COLUMN good_until INTEGER; -- a successor is registered: for how long it is good beside it
