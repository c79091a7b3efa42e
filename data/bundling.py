"""Interactions and attributes as files of a bundle."""

from data.attributes import ItemAttributes
from data.interactions import Interactions
from shortlist.bundle import Bundle, BundleWriter

_INTERACTION_ARRAYS = ("user_offsets", "item_idx", "timestamp", "weight", "price", "is_target")
_ATTRIBUTE_ARRAYS = ("parent", "category", "brand", "price", "available")


def save_interactions(writer: BundleWriter, interactions: Interactions) -> None:
    """Write the histories of all users."""
    writer.add_ids("users", interactions.users)
    writer.add_ids("items", interactions.items)
    for name in _INTERACTION_ARRAYS:
        writer.add_array(f"history_{name}", getattr(interactions, name))


def load_interactions(bundle: Bundle) -> Interactions:
    """Map the histories of all users."""
    arrays = {name: bundle.array(f"history_{name}") for name in _INTERACTION_ARRAYS}
    return Interactions(users=bundle.ids("users"), items=bundle.ids("items"), **arrays)


def save_attributes(writer: BundleWriter, attributes: ItemAttributes) -> None:
    """Write the catalogue's arrays."""
    writer.add_ids("categories", attributes.categories)
    for name in _ATTRIBUTE_ARRAYS:
        writer.add_array(f"item_{name}", getattr(attributes, name))


def load_attributes(bundle: Bundle) -> ItemAttributes:
    """Map the catalogue's arrays."""
    arrays = {name: bundle.array(f"item_{name}") for name in _ATTRIBUTE_ARRAYS}
    return ItemAttributes(categories=bundle.ids("categories"), **arrays)
