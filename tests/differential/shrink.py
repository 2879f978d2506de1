"""Makes a tree smaller for as long as it still shows the difference."""

ROUNDS = 400  # candidates at most


def paths(n, at=()):
    yield at
    if isinstance(n, tuple):
        for i, child in enumerate(n):
            if isinstance(child, tuple):
                yield from paths(child, at + (i,))


def get(n, path):
    for i in path:
        n = n[i]
    return n


def put(n, path, new):
    if not path:
        return new
    return n[:path[0]] + (put(n[path[0]], path[1:], new),) + n[path[0] + 1:]


def size(n):
    return 1 + sum(size(x) for x in n) if isinstance(n, tuple) else 1


EXPRESSIONS = {"lit", "num", "dur", "raw", "name", "paren", "interp", "list", "map", "not", "neg", "bin", "if", "try",
               "lambda", "fn", "mem", "idx", "slice", "meth", "call", "gather", "spawn", "spawnb", "batch", "waitany"}


STATEMENTS = {"expr", "let", "var", "assign", "for", "forwait", "while", "break", "continue", "return", "throw", "fndecl",
              "compensate"}


def is_expression(n):
    return isinstance(n, tuple) and n and isinstance(n[0], str) and n[0] in EXPRESSIONS


def candidates(n):
    """Smaller forms of one node, the boldest first."""
    if not isinstance(n, tuple) or not n:
        return
    if isinstance(n[0], tuple):  # a block, arguments, elements: leave some out
        if len(n) > 3:
            yield n[len(n) // 2:]
            yield n[:len(n) // 2]
        for i in range(len(n)):
            yield n[:i] + n[i + 1:]
        for i, child in enumerate(n):
            for block in inner_blocks(child):
                yield n[:i] + block + n[i + 1:]
    elif is_expression(n):
        for simple in (("lit", None), ("lit", 1), ("lit", True), ("lit", "a"), ("list", ())):
            if size(simple) < size(n):
                yield simple
        for child in inner_expressions(n):
            yield child


def inner_blocks(n):
    """The blocks just inside a statement, to take its place."""
    if n[0] == "expr" and n[1][0] in ("if", "try", "spawnb", "batch"):
        n = n[1]
    for child in n:
        if isinstance(child, tuple) and child and isinstance(child[0], tuple) and child[0] and \
                child[0][0] in STATEMENTS:
            yield child


def inner_expressions(n):
    for child in n[1:]:
        if is_expression(child):
            yield child
        elif isinstance(child, tuple):
            yield from inner_expressions((None,) + child)


def shrink(tree, still_differs):
    tried, left, progress, name = set(), ROUNDS, True, tree[-1][1]
    while progress and left > 0:
        progress = False
        for path in sorted(paths(tree), key=lambda p: -size(get(tree, p))):
            node = get(tree, path)
            for smaller in candidates(node) if len(path) != 1 else ():
                new = put(tree, path, smaller)
                if new in tried or size(new) >= size(tree):
                    continue
                tried.add(new)
                left -= 1
                if left <= 0:
                    return tree
                if well_formed(new, name) and shows(new, still_differs):
                    tree, progress = new, True
                    break
            if progress:
                break
    return tree


def shows(tree, still_differs):
    """A tree that lost a piece it needs shows nothing."""
    try:
        return still_differs(tree)
    except Exception:  # noqa: whatever a broken tree does to the printer or the evaluator
        return False


def well_formed(tree, name):
    """The last declaration is still the one that is run."""
    return bool(tree) and isinstance(tree[-1], tuple) and tree[-1][1:2] == (name,) and tree[-1][:1] in (("fn",), ("workflow",))
