"""The gloss line: which signs a text becomes, to be read and changed before they are generated."""
