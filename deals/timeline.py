"""How deal events read."""

from django.utils.translation import gettext_lazy as _

from prm.events.models import Event
from prm.events.timeline import WORDS

WORDS.update(
    {
        Event.Kind.DEAL_REGISTERED: ("briefcase", _("registered the deal")),
        Event.Kind.DEAL_CHANGED: ("pencil", _("changed the deal")),
        Event.Kind.DEAL_MOVED: ("arrow-right", _("moved the deal")),
        Event.Kind.DEAL_WON: ("trophy", _("won the deal")),
        Event.Kind.DEAL_LOST: ("x-circle", _("closed the deal as lost: {reason}")),
        Event.Kind.DEAL_REOPENED: ("arrow-path", _("re-opened the deal")),
        Event.Kind.DEAL_WITHDRAWN: ("arrow-uturn-left", _("withdrew the deal: its lead was re-opened")),
    }
)
