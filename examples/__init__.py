"""Things to try CPA on, used by the demo and by the tests: a portal, a mail server, an office that has both."""
