"""The icon set: one drawing a name, on a 20 × 20 grid. Own drawings, same names as in the design target."""

from django.utils.safestring import SafeString, mark_safe

_DRAWINGS = {
    "phone": (
        '<path d="M4 3h3l1.5 4-2 1.5a10 10 0 0 0 5 5l1.5-2 4 1.5v3a1.5 1.5 0 0 1-1.6 1.5A14 14 0 0 1 '
        '2.5 4.6 1.5 1.5 0 0 1 4 3Z"/>'
    ),
    "check": '<path d="m4 10.5 4 4 8-9"/>',
    "half": '<circle cx="10" cy="10" r="7"/><path d="M10 3a7 7 0 0 1 0 14Z" fill="currentColor"/>',
    "cross": '<path d="m5 5 10 10M15 5 5 15"/>',
    "clock": '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5V10l3 2"/>',
    "cal": '<rect x="3" y="4.5" width="14" height="12.5" rx="2"/><path d="M3 8.5h14M7 2.5v4M13 2.5v4"/>',
    "people": (
        '<circle cx="7" cy="7" r="3"/><path d="M1.5 17c.5-3.5 2.5-5 5.5-5s5 1.5 5.5 5"/>'
        '<path d="M12.5 4.3a3 3 0 0 1 0 5.4M15 12.5c2 .7 3 2.2 3.5 4.5"/>'
    ),
    "lock": '<rect x="4" y="9" width="12" height="8.5" rx="2"/><path d="M6.5 9V6.5a3.5 3.5 0 0 1 7 0V9"/>',
    "eye": (
        '<path d="M1.5 10S4.5 4.5 10 4.5 18.5 10 18.5 10 15.5 15.5 10 15.5 1.5 10 1.5 10Z"/>'
        '<circle cx="10" cy="10" r="2.5"/>'
    ),
    "leaf": (
        '<path d="M10 18V9"/><path d="M10 11C5.5 11 3.5 8.5 3.5 4.5 7.5 4.5 10 6.5 10 11Z"/>'
        '<path d="M10 9c0-4 2.5-6.5 6.5-6.5 0 4-2.5 6.5-6.5 6.5Z"/>'
    ),
    "drop": '<path d="M10 2.5c3.5 4 5 6.5 5 9a5 5 0 0 1-10 0c0-2.5 1.5-5 5-9Z"/>',
    "speech": '<path d="M3 4.5h14v9H9l-4 3.5v-3.5H3Z"/>',
    "flag": '<path d="M5 18V3h10l-2.5 3.5L15 10H5"/>',
    "bell": '<path d="M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13ZM8.5 17.5h3"/>',
    "warn": '<path d="M10 2.5 18.5 17h-17ZM10 8v4M10 14.5v.1"/>',
    "plus": '<path d="M10 4v12M4 10h12"/>',
    "arrow": '<path d="M4 10h12M11 5l5 5-5 5"/>',
    "pin": '<path d="M10 18s6-5.5 6-10a6 6 0 0 0-12 0c0 4.5 6 10 6 10Z"/><circle cx="10" cy="8" r="2"/>',
    "video": '<rect x="2" y="5" width="11" height="10" rx="2"/><path d="m13 9 5-3v8l-5-3"/>',
    "hands": (
        '<path d="M4 11V6.5a1.5 1.5 0 0 1 3 0V10M7 9V4.5a1.5 1.5 0 0 1 3 0V9M10 9V5.5a1.5 1.5 0 0 1 3 '
        '0V10M13 10V8a1.5 1.5 0 0 1 3 0v4c0 3.5-2.5 5.5-5.5 5.5S5.5 16 4 12.5"/>'
    ),
    "doc": '<path d="M5 2.5h7l4 4v11H5Z"/><path d="M12 2.5v4h4M8 10.5h5M8 13.5h5"/>',
    "print": '<path d="M6 7V2.5h8V7M6 14H3V7h14v7h-3"/><path d="M6 11.5h8v6H6Z"/>',
    "key": '<circle cx="7" cy="8" r="4"/><path d="m10 10.5 7 7M14 14.5l2-2"/>',
    "house": '<path d="M3 9.5 10 3l7 6.5M5 8v9h10V8M8.5 17v-4.5h3V17"/>',
    "building": '<path d="M4 17.5v-15h12v15ZM2.5 17.5h15M8 6h.1M12 6h.1M8 9.5h.1M12 9.5h.1M8.5 17.5V13h3v4.5"/>',
    "mail": '<rect x="2.5" y="4.5" width="15" height="11" rx="2"/><path d="m3 6 7 5 7-5"/>',
    "undo": '<path d="M7 4 3 8l4 4M3 8h8a5 5 0 0 1 0 9H8"/>',
    "pause": '<path d="M7 4v12M13 4v12"/>',
    "tree": '<path d="M10 18v-5M10 2.5 4.5 9H8l-4 4.5h12L12 9h3.5Z"/>',
    "school": '<path d="m1.5 8 8.5-4 8.5 4-8.5 4ZM5 10v4.5c3 2 7 2 10 0V10M18.5 8v5"/>',
    "help": ('<circle cx="10" cy="10" r="7.5"/><path d="M7.8 7.8a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.9-1.1 1.9M10 14.3v.1"/>'),
    "pen": '<path d="m12.5 4 3.5 3.5L7 16.5l-4 .5.5-4Z"/>',
    "star": '<path d="m10 2.5 2.2 5 5.3.5-4 3.6 1.2 5.4L10 14.2 5.3 17l1.2-5.4-4-3.6 5.3-.5Z"/>',
    "f1": '<circle cx="10" cy="10" r="8"/><path d="M7 8v.1M13 8v.1M6 11.5c1 4 7 4 8 0Z"/>',
    "f2": '<circle cx="10" cy="10" r="8"/><path d="M7 8v.1M13 8v.1M6.5 12c1.7 2 5.3 2 7 0"/>',
    "f3": '<circle cx="10" cy="10" r="8"/><path d="M7 8v.1M13 8v.1M7 13h6"/>',
    "f4": '<circle cx="10" cy="10" r="8"/><path d="M7 8v.1M13 8v.1M6.5 14c1.7-2 5.3-2 7 0"/>',
    "sound": '<path d="M3 8v4h3l4 3.5v-11L6 8ZM13 7.5a3.5 3.5 0 0 1 0 5M15.5 5a7 7 0 0 1 0 10"/>',
    "search": '<circle cx="8.5" cy="8.5" r="5.5"/><path d="m13 13 4.5 4.5"/>',
    "list": '<path d="M7 5h10M7 10h10M7 15h10M3 5h.1M3 10h.1M3 15h.1"/>',
    "ask": '<path d="M6 7.5a4 4 0 1 1 6 3.4c-1.4.8-2 1.6-2 3.1M10 17.3v.1"/>',
}


def _svg(drawing: str, size: str) -> SafeString:
    head = f'<svg class="y-icon{size}" viewBox="0 0 20 20" aria-hidden="true" focusable="false">'
    return mark_safe(f"{head}{drawing}</svg>")  # noqa: S308 - drawings of this module, never data


ICONS: dict[str, SafeString] = {name: _svg(drawing, "") for name, drawing in _DRAWINGS.items()}
LARGE: dict[str, SafeString] = {name: _svg(drawing, " y-icon--l") for name, drawing in _DRAWINGS.items()}
