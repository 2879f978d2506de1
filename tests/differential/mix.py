"""That the generated programs are a broad mix: how many programs at least, of 1,000, must have executed what."""

PURE = {
    # statements and expressions
    "!=": 52, "%": 71, "*": 229, "+": 324, "-": 198, "..": 156, "/": 104, "//": 76, "<": 145, "<=": 42, "==": 91,
    ">": 43, ">=": 43, "?.": 70, "??": 147, "and": 134, "assign": 290, "break": 31, "call": 429, "continue": 27,
    "dur": 327, "fn": 93, "fndecl": 160, "for": 247, "idx": 257, "if": 405, "in": 98, "interp": 154, "lambda": 406,
    "let": 411, "list": 456, "map": 440, "mem": 200, "meth": 467, "neg": 153, "not": 116, "not in": 98, "num": 223,
    "or": 92, "paren": 173, "raw": 223, "return": 22, "slice": 180, "throw": 117, "try": 286, "var": 397,
    "while": 121,
    # the library
    ".all": 35, ".any": 35, ".avg": 15, ".chars": 8, ".chunk": 39, ".contains": 87, ".copy": 106, ".drop": 42,
    ".ends_with": 24, ".entries": 23, ".enumerate": 22, ".filter": 184, ".find": 81, ".first": 24, ".flat_map": 82,
    ".flatten": 49, ".get": 44, ".group_by": 19, ".has": 34, ".index_of": 66, ".insert": 11, ".join": 68, ".keys": 14,
    ".last": 21, ".len": 43, ".lower": 27, ".map": 246, ".max": 5, ".merge": 110, ".min": 7, ".pad_left": 22,
    ".pad_right": 23, ".pop": 8, ".push": 108, ".reduce": 78, ".remove": 32, ".repeat": 47, ".replace": 43,
    ".reverse": 44, ".sort": 64, ".sort_by": 87, ".split": 33, ".starts_with": 24, ".sum": 80, ".take": 48,
    ".trim": 30, ".unique": 30, ".upper": 31, ".values": 90, "abs()": 31, "assert()": 23, "error()": 69,
    "float()": 29, "int()": 65, "json.stringify()": 23, "len()": 22, "max()": 45, "min()": 41, "print()": 321,
    "range()": 12, "str()": 88, "type()": 44,
    # how they ended, what was caught
    "caught Error": 32, "caught IndexError": 33, "caught KeyError": 19, "caught Mine": 14, "caught Other": 17,
    "caught TypeError": 7, "ended with bool": 20, "ended with duration": 20, "ended with float": 17,
    "ended with int": 52, "ended with list": 68, "ended with map": 44, "ended with null": 11, "ended with string": 46,
    "failed ArgumentError": 16, "failed ArithmeticError": 19, "failed AssertionError": 12, "failed Error": 22,
    "failed IndexError": 51, "failed KeyError": 47, "failed Mine": 9, "failed Other": 11, "failed TypeError": 29,
}

WAITING = {
    "batch": 123, "cancelled": 144, "caught Cancelled": 32, "caught Error": 48, "caught KeyError": 30,
    "caught Mine": 22, "caught Other": 24, "caught Timeout": 34, "compensate": 192, "ended with int": 110,
    "ended with list": 54, "ended with string": 55, "failed Error": 22, "failed KeyError": 17, "for": 98,
    "forwait": 108, "gather": 225, "if": 225, "lambda": 248, "race": 104, "sleep()": 307, "spawn": 139, "spawnb": 260,
    "try": 261, "undid": 86, "waitany": 112, "waited": 309,
}


def check_mix(least, seen, total):
    """Prints what was too rare; whether all was there."""
    rare = [f"{what}: in {seen.get(what, 0)} of {total} programs, not {total * at_least // 1000}"
            for what, at_least in least.items() if seen.get(what, 0) * 1000 < total * at_least]
    for line in rare:
        print("too rare:", line)
    return not rare
