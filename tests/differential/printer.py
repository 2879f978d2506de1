"""A tree as the text of a .wf file, with no more parentheses than the table of operators in the contract asks for."""

# loosest first; what an operand must at least be to stand without parentheses
LEVELS = {"or": 2, "and": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5, "in": 5, "not in": 5, "??": 6, "..": 7,
          "+": 8, "-": 8, "*": 9, "/": 9, "//": 9, "%": 9}
LAMBDA, NOT, UNARY, POSTFIX, PRIMARY = 1, 4, 10, 11, 12


def escape(s):
    out = []
    for i, c in enumerate(s):
        if c in '"\\':
            out.append("\\" + c)
        elif c in "\n\t\r":
            out.append({"\n": "\\n", "\t": "\\t", "\r": "\\r"}[c])
        elif c == "$" and s[i + 1:i + 2] == "{":
            out.append("\\$")
        else:
            out.append(c)
    return "".join(out)


class Printer:
    def __init__(self):
        self.depth = 0
        self.inline = 0  # inside an interpolation everything stands on one line

    # --- statements

    def program(self, declarations):
        return "\n".join(self.declaration(d) for d in declarations)

    def declaration(self, n):
        if n[0] == "const":
            return f"let {n[1]} = {self.ex(n[2])}"
        sort, name, params, body = n[0], n[1], n[2], n[3]
        options = f" with {self.ex(n[4])}" if len(n) > 4 and n[4] else ""
        return f"{sort} {name}({self.params(params)}){options} {self.block(body)}"

    def params(self, params):
        return ", ".join(name if default is None else f"{name} = {self.ex(default)}" for name, default in params)

    def block(self, statements):
        if self.inline or len(statements) == 1 and statements[0][0] in ("expr", "throw", "break", "continue") \
                and not nested(statements[0]):
            return "{ " + "; ".join(self.statement(s) for s in statements) + " }" if statements else "{ }"
        self.depth += 1
        pad = "\n" + "  " * self.depth
        body = "".join(pad + self.statement(s) for s in statements)
        self.depth -= 1
        return "{" + body + "\n" + "  " * self.depth + "}"

    def statement(self, n):
        tag = n[0]
        if tag == "expr":
            return self.statement_expression(n[1])
        if tag in ("let", "var"):
            return f"{tag} {self.pattern(n[1])} = {self.ex(n[2])}"
        if tag == "assign":
            return f"{self.ex(n[1])} {n[2]} {self.ex(n[3])}"
        if tag == "for":
            names = ", ".join(self.pattern(p) for p in n[1])
            return f"for {names} in {self.ex(n[2])} {self.block(n[3])}"
        if tag == "forwait":
            return f"for {n[1]} in wait_any {self.ex(n[2], UNARY)} {self.block(n[3])}"
        if tag == "while":
            return f"while {self.ex(n[1])} {self.block(n[2])}"
        if tag == "return":
            return "return" if n[1] is None else f"return {self.ex(n[1])}"
        if tag == "throw":
            return f"throw {self.ex(n[1])}"
        if tag == "fndecl":
            return f"fn {n[1]}({self.params(n[2])}) {self.block(n[3])}"
        if tag == "compensate":
            return f"compensate {self.block(n[1])}"
        return tag

    def statement_expression(self, n):
        """At the start of a statement `if`, `try` and `batch` end at their last brace."""
        first = n
        while first[0] in ("bin", "mem", "idx", "slice", "meth", "call"):
            first = first[2] if first[0] == "bin" else first[1]
        if n is not first and first[0] in ("if", "try", "batch"):
            return f"({self.ex(n)})"
        return self.ex(n)

    def pattern(self, p):
        if isinstance(p, str):
            return p
        if p[0] == "plist":
            names = [self.pattern(x) for x in p[1]] + ([f"...{p[2]}"] if p[2] is not None else [])
            return "[" + ", ".join(names) + "]"
        fields = []
        for key, name, default in p[1]:
            field = key if name == key else f"{key}: {self.pattern(name)}"
            fields.append(field if default is None else f"{field} = {self.ex(default)}")
        return "{" + ", ".join(fields) + "}"

    # --- expressions

    def ex(self, n, level=0):
        text, own = self.expression(n)
        return f"({text})" if own < level else text

    def expression(self, n):
        """The text, and how tightly it binds."""
        return getattr(self, "ex_" + n[0])(n)

    def ex_lit(self, n):
        value = n[1]
        if value is None:
            return "null", PRIMARY
        if isinstance(value, bool):
            return ("true" if value else "false"), PRIMARY
        if isinstance(value, str):
            return '"' + escape(value) + '"', PRIMARY
        return (repr(value), PRIMARY) if value >= 0 else (f"-{-value!r}", UNARY)

    def ex_num(self, n):
        return n[1], PRIMARY

    ex_dur = ex_num

    def ex_raw(self, n):
        return "'" + n[1].replace("\\", "\\\\").replace("'", "\\'") + "'", PRIMARY

    def ex_name(self, n):
        return n[1], PRIMARY

    def ex_paren(self, n):
        return f"({self.ex(n[1])})", PRIMARY

    def ex_interp(self, n):
        self.inline += 1
        parts = [escape(p) if isinstance(p, str) else "${" + self.ex(p) + "}" for p in n[1]]
        self.inline -= 1
        return '"' + "".join(parts) + '"', PRIMARY

    def ex_list(self, n):
        return "[" + ", ".join("..." + self.ex(i[1]) if i[0] == "spread" else self.ex(i) for i in n[1]) + "]", PRIMARY

    def ex_map(self, n):
        entries = []
        for e in n[1]:
            if e[0] == "spread":
                entries.append("..." + self.ex(e[1]))
            elif e[0] == "computed":
                entries.append(f"[{self.ex(e[1])}]: {self.ex(e[2])}")
            elif e[2] == ("name", e[1]):
                entries.append(e[1])
            else:
                key = e[1] if e[1].isidentifier() and e[1].isascii() else '"' + escape(e[1]) + '"'
                entries.append(f"{key}: {self.ex(e[2])}")
        return "{" + ", ".join(entries) + "}", PRIMARY

    def ex_not(self, n):
        return f"not {self.ex(n[1], NOT)}", NOT

    def ex_neg(self, n):
        return f"-{self.ex(n[1], POSTFIX)}", UNARY

    def ex_bin(self, n):
        level = LEVELS[n[1]]
        once = n[1] == ".." or level == 5
        return f"{self.ex(n[2], level + once)} {n[1]} {self.ex(n[3], level + 1)}", level

    def ex_if(self, n):
        text = f"if {self.ex(n[1])} {self.block(n[2])}"
        if n[3] is not None:
            text += " else " + (self.expression(n[3])[0] if n[3] and n[3][0] == "if" else self.block(n[3]))
        return text, 0.5

    def ex_try(self, n):
        text = f"try {self.block(n[1])}"
        for name, condition, body in n[2]:
            text += " catch" + (f" {name}" if name else "") + (f" if {self.ex(condition)}" if condition else "")
            text += " " + self.block(body)
        if n[3] is not None:
            text += f" finally {self.block(n[3])}"
        return text, 0.5

    def ex_lambda(self, n):
        params = n[1][0][0] if len(n[1]) == 1 and n[1][0][1] is None else f"({self.params(n[1])})"
        return f"{params} => {self.ex(n[2])}", LAMBDA

    def ex_fn(self, n):
        return f"fn({self.params(n[1])}) {self.block(n[2])}", POSTFIX

    def base(self, n):
        """What stands before a postfix; a `fn` literal or a number there gets parentheses."""
        text, level = self.expression(n)
        return f"({text})" if level < POSTFIX or n[0] in ("fn", "num", "dur") else text

    def ex_mem(self, n):
        return f"{self.base(n[1])}{'?.' if n[3] else '.'}{n[2]}", POSTFIX

    def ex_idx(self, n):
        return f"{self.base(n[1])}[{self.ex(n[2])}]", POSTFIX

    def ex_slice(self, n):
        a, b = ("" if x is None else self.ex(x) for x in n[2:4])
        return f"{self.base(n[1])}[{a}:{b}]", POSTFIX

    def arguments(self, positional, named):
        return "(" + ", ".join([self.ex(a) for a in positional] + [f"{k}: {self.ex(a)}" for k, a in named]) + ")"

    def ex_call(self, n):
        return self.base(n[1]) + self.arguments(n[2], n[3]), POSTFIX

    def ex_meth(self, n):
        return f"{self.base(n[1])}{'?.' if n[5] else '.'}{n[2]}{self.arguments(n[3], n[4])}", POSTFIX

    # --- concurrency

    def ex_spawn(self, n):
        return "spawn " + self.expression(n[1])[0], UNARY

    def ex_spawnb(self, n):
        return "spawn " + self.block(n[1]), UNARY

    def waits(self, words, what, timeout):
        text = f"{words} {self.ex(what, UNARY)}"
        return text if timeout is None else f"{text} timeout {self.ex(timeout, POSTFIX)}", UNARY

    def ex_gather(self, n):
        return self.waits("gather settled" if n[1] else "gather", n[2], n[3])

    def ex_waitany(self, n):
        return self.waits("wait_any", n[1], n[2])

    def ex_race(self, n):
        return self.waits("race success" if n[1] else "race", n[2], n[3])

    def ex_batch(self, n):
        _, mode, (item, number), items, way, many, pause, body = n
        names = item if number is None else f"{item}, {number}"
        text = f"batch {mode + ' ' if mode else ''}{names} in {self.ex(items)} {way} {self.ex(many, POSTFIX)}"
        return text + (f" pause {self.ex(pause, POSTFIX)}" if pause else "") + f" {self.block(body)}", 0.5


def nested(n):
    """Whether there is a block somewhere in it."""
    return isinstance(n, tuple) and (n[:1] and n[0] in ("if", "try", "fn", "batch", "spawnb") or
                                     any(nested(x) for x in n if isinstance(x, tuple)))
