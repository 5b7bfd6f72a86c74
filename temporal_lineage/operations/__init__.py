"""Operations: how those who run the tool hear what it does: logs, spans, and where they go."""
