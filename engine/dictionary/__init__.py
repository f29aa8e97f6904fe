"""The user's own dictionary: signs that are added, edited, imported and exported, in a folder that survives upgrades.

    <folder>/handshapes.toml        handshapes that embedded signs don't have
    <folder>/asl/*.toml             written signs, as in the embedded data
    <folder>/asl/recorded.json      recorded signs: what is known of them
    <folder>/asl/motion/*.npz       their motion

`library` reads and searches, `store` writes, `recording` turns captured motion into a sign, `imports` and `archive`
bring signs in and out, `requests` and `commands` are the protocol's and the command line's side.
"""
