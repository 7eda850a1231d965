"""Pictures of products, drawn here: a laptop, a watch, a telephone, and a parcel for whatever else is sold."""

from html import escape

from alesha_sim.conversation.diagram import image

GROUND = '<rect width="160" height="120" rx="8" fill="#eef3f6"/>'

DRAWN = {
    "laptop": (
        '<rect x="35" y="22" width="90" height="60" rx="4" fill="#2f3b46"/>'
        '<rect x="40" y="27" width="80" height="50" fill="#56B4E9"/>'
        '<path d="M46 70l18-22 14 14 10-12 22 20z" fill="#ffffff" opacity="0.75"/>'
        '<path d="M26 86h108l8 12H18z" fill="#8795a1"/><rect x="66" y="90" width="28" height="4" fill="#5d6b77"/>'
    ),
    "watch": (
        '<rect x="66" y="8" width="28" height="104" rx="8" fill="#D55E00"/>'
        '<rect x="52" y="33" width="56" height="54" rx="13" fill="#2f3b46"/>'
        '<rect x="58" y="39" width="44" height="42" rx="8" fill="#f7f7f2"/>'
        '<path d="M80 46v15l11 8" fill="none" stroke="#2f3b46" stroke-width="3.5" stroke-linecap="round"/>'
        '<rect x="108" y="52" width="5" height="14" rx="2" fill="#8795a1"/>'
    ),
    "phone": (
        '<rect x="54" y="8" width="52" height="104" rx="9" fill="#2f3b46"/>'
        '<rect x="59" y="19" width="42" height="80" rx="2" fill="#009E73"/>'
        '<circle cx="72" cy="38" r="6" fill="#ffffff"/><circle cx="88" cy="38" r="6" fill="#E69F00"/>'
        '<circle cx="72" cy="55" r="6" fill="#E69F00"/><circle cx="88" cy="55" r="6" fill="#ffffff"/>'
        '<rect x="64" y="76" width="32" height="14" rx="4" fill="#ffffff" opacity="0.85"/>'
        '<rect x="73" y="12" width="14" height="3" rx="1.5" fill="#8795a1"/>'
    ),
    "": (
        '<path d="M40 44l40-18 40 18v42l-40 18-40-18z" fill="#c89b5f"/>'
        '<path d="M40 44l40 18 40-18M80 62v42" fill="none" stroke="#8c6239" stroke-width="3"/>'
        '<path d="M60 35l40 18v14" fill="none" stroke="#f2e2c4" stroke-width="6"/>'
    ),
}
"""What is drawn for a product whose SKU or name has the word."""


def drawing(sku: str, name: str) -> str:
    """Return the shapes of a product's picture, 160 by 120."""
    words = f"{sku} {name}".lower()
    return GROUND + next(shapes for word, shapes in DRAWN.items() if word in words)


def picture(sku: str, name: str) -> str:
    """Return a product's picture as an HTML image that carries itself."""
    return image(
        '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120" viewBox="0 0 160 120">'
        f"<title>{escape(name)}</title>{drawing(sku, name)}</svg>",
        f"picture of {name}",
    )
