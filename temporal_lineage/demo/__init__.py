"""The demo lake: a web shop trains a fraud model, two months played in some seconds."""
