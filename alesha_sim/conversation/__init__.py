"""What was said and what moved for it, as one object: text, frame, sequence diagram, Mermaid and stepper.

Text, SVG and stepper need nothing but the standard library; pandas is loaded for a frame, matplotlib for a PNG.
"""

from alesha_sim.conversation.compare import Comparison, compare_conversations
from alesha_sim.conversation.conversation import Conversation
from alesha_sim.conversation.diagram import Diagram
from alesha_sim.conversation.entries import Message, RunLookup, Transfer
from alesha_sim.conversation.stepper import Pane, Stepper
from alesha_sim.conversation.steps import Step

__all__ = [
    "Comparison",
    "Conversation",
    "Diagram",
    "Message",
    "Pane",
    "RunLookup",
    "Step",
    "Stepper",
    "Transfer",
    "compare_conversations",
]
