"""The command line: arguments in, answers out; no rule of the engine lives here."""
