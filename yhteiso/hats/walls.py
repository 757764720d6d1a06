"""SQL for migrations: grants and row security of a table, written as one readable table of who may do what."""

from collections.abc import Mapping

from yhteiso.hats.roles import OWNER, role

Rule = str | tuple[str, str]

VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE"}


def family_table(table: str, rules: Mapping[str, Mapping[str, Rule]], columns: Mapping[str, str] | None = None) -> str:
    """Force row security on a table with family data; one policy per hat and verb, and one for the owner.

    `rules` maps a hat to verbs (S, I, U, D) and their condition in SQL. An update may give a pair: which rows it may
    take, and what they may become. `columns` limits what a hat may read: hat → comma-separated columns.
    """
    lines = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;",
        f"CREATE POLICY owner_all ON {table} TO {OWNER} USING (true) WITH CHECK (true);",
    ]
    for hat, verbs in rules.items():
        for verb, rule in verbs.items():
            lines.append(_grant(table, hat, verb, columns or {}))
            lines.append(_policy(table, hat, verb, rule))
    return "\n".join(lines)


def _grant(table: str, hat: str, verb: str, columns: Mapping[str, str]) -> str:
    only = f" ({columns[hat]})" if verb == "S" and hat in columns else ""
    return f"GRANT {VERBS[verb]}{only} ON {table} TO {role(hat)};"


def _policy(table: str, hat: str, verb: str, rule: Rule) -> str:
    take, become = rule if isinstance(rule, tuple) else (rule, rule)
    clause = {
        "S": f"USING ({take})",
        "I": f"WITH CHECK ({become})",
        "U": f"USING ({take}) WITH CHECK ({become})",
        "D": f"USING ({take})",
    }[verb]
    return f"CREATE POLICY {hat}_{VERBS[verb].lower()} ON {table} FOR {VERBS[verb]} TO {role(hat)} {clause};"


def grants(table: str, verbs: str, *grantees: str) -> str:
    """Plain grants on a table without row security. `grantees` are hats or a login's full name."""
    names = ", ".join(g if g.startswith("yhteiso_") else role(g) for g in grantees)
    return f"GRANT {', '.join(VERBS[v] for v in verbs)} ON {table} TO {names};"


def append_only(table: str) -> str:
    """Refuse UPDATE and DELETE by trigger. TRUNCATE is refused by a missing privilege."""
    return (
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION sec.refuse_change();"
    )
