"""Sabotage of who may do what, and of who sees which rows."""

from tests.mutants.mutant import Mutant

ACCESS, PEOPLE, USERS = "prm/users/access.py", "prm/users/models/people.py", "prm/users/actions.py"
MATRIX = "tests/guards/test_access_matrix.py"

MUTANTS = [
    Mutant(
        "pages ask for no permission",
        ACCESS,
        "            if access.permissions and not request.membership.can(*access.permissions):",
        "            if access.permissions and request.membership is None:",
        f"{MATRIX} -k deals:settings-GET",
        "Every member would be an administrator.",
    ),
    Mutant(
        "one page forgets its permission",
        "leads/views/lists.py",
        "@member_page(Permission.CREATE_LEADS)",
        "@member_page()",
        f"{MATRIX} -k leads:new-GET",
        "A partner would enter leads.",
    ),
    Mutant(
        "one resource of the API forgets its permission",
        "prm/organizations/api.py",
        """        self.require(Permission.MANAGE_PORTAL)
        values = self.checked(OrganizationSerializer)
""",
        """        values = self.checked(OrganizationSerializer)
""",
        f"{MATRIX} -k api:organization-list-POST",
        "Pages and API are two doors to the same room.",
    ),
    Mutant(
        "actions trust their door",
        "leads/actions.py",
        "    if by is not None and not by.can(Permission.CREATE_LEADS):",
        "    if by is None and not values:",
        "tests/leads/test_actions.py",
        "Every new door would have to remember the permission.",
    ),
    Mutant(
        "a group may give what its kind may not have",
        PEOPLE,
        "return frozenset(p for p in ALLOWED[kind] if p.value in held)",
        "return frozenset(p for p in Permission if p.value in held)",
        "tests/users/test_access.py",
        "A row in the database could make a partner an administrator of the vendor.",
    ),
    Mutant(
        "any group may be given to anybody",
        USERS,
        """    if touched - set(grantable.values_list("pk", flat=True)):""",
        """    if touched - set(Group.objects.values_list("pk", flat=True)):""",
        "tests/users/test_actions.py",
        "Whoever invites could hand out more than he has.",
    ),
    Mutant(
        "a partner's admin manages everybody",
        USERS,
        "return member.can(Permission.MANAGE_OWN_USERS) and organization.pk == member.organization_id",
        "return member.can(Permission.MANAGE_OWN_USERS)",
        "tests/users/test_actions.py tests/users/test_guarded.py",
        "North's admin would disable South's people.",
    ),
    Mutant(
        "the last administrator may be disabled",
        USERS,
        """    member.save(update_fields=["status"])
    _keep_an_admin(member)
""",
        """    member.save(update_fields=["status"])
""",
        "tests/users/test_guarded.py",
        "Nobody could let anybody in again.",
    ),
    Mutant(
        "a partner learns whom other partners employ",
        USERS,
        "        if by is None or by.can(Permission.MANAGE_PORTAL):",
        "        if by is None or by.can(Permission.MANAGE_PORTAL, Permission.MANAGE_OWN_USERS):",
        "tests/users/test_guarded.py",
        "An invitation would answer whether an address is known.",
    ),
    Mutant(
        "people of all organizations show",
        PEOPLE,
        "        return self.filter(own)",
        "        return self",
        f"{MATRIX} -k api:user-detail-GET",
        "Names and numbers of competitors' people.",
    ),
    Mutant(
        "a closed account goes on",
        PEOPLE,
        'is_there = Q(**{f"{path}status": Membership.Status.ACTIVE, f"{path}user__is_active": True})',
        'is_there = Q(**{f"{path}status": Membership.Status.ACTIVE})',
        f"{MATRIX} -k api:deal-list-GET",
        "Its keys would stay alive.",
    ),
    Mutant(
        "a disabled member goes on",
        PEOPLE,
        'is_there = Q(**{f"{path}status": Membership.Status.ACTIVE, f"{path}user__is_active": True})',
        'is_there = Q(**{f"{path}user__is_active": True})',
        "tests/users/test_sign_in.py -k says_the_same_no",
        "Disabling has to end what was begun.",
    ),
    Mutant(
        "a partner sees all leads",
        "leads/models.py",
        """        if member.can(Permission.VIEW_ORGANIZATION_LEADS):
            return self.filter(organization=member.organization_id)""",
        """        if member.can(Permission.VIEW_ORGANIZATION_LEADS):
            return self""",
        f"{MATRIX} -k leads:detail-GET",
        "The wall between partners stands in this one line.",
    ),
    Mutant(
        "a distributor sees every partner",
        "prm/organizations/models.py",
        "own |= Q(distributor=member.organization_id)",
        "own |= Q(distributor=None)",
        "tests/leads/test_resellers.py",
        "The wall between partners stands between a distributor and a partner that is not under it, too.",
    ),
    Mutant(
        "a distributor reads what a reseller says among itself",
        "leads/models.py",
        "is_shared = Q(shared_with__isnull=False) & (Q(organization=holder) | Q(shared_with=holder))",
        "is_shared = Q(organization=holder) | Q(shared_with=holder)",
        "tests/leads/test_resellers.py -k among_itself",
        "Internal stays in the organization that wrote it.",
    ),
    Mutant(
        "a distributor works its resellers' leads",
        "leads/models.py",
        "return Side.HOLDER if self.organization_id == member.organization_id else None",
        "return Side.HOLDER",
        f"{MATRIX} -k leads:edit-POST",
        "Looking on is not holding.",
    ),
    Mutant(
        "a distributor changes its resellers' deals",
        "deals/models.py",
        "return self.organization_id == member.organization_id",
        "return True",
        f"{MATRIX} -k deals:edit-POST",
        "Looking on is not holding.",
    ),
    Mutant(
        "an export of a reseller's leads outlasts the relation",
        "prm/runs/kinds.py",
        "if member.has_resellers else ()",
        "if False else ()",
        "tests/runs/test_resellers.py",
        "A reseller that sells under somebody else is seen no more, in files neither.",
    ),
    Mutant(
        "who only receives leads sees the colleagues'",
        "leads/models.py",
        "return self.filter(organization=member.organization_id, assignee=member)",
        "return self.filter(organization=member.organization_id)",
        f"{MATRIX} -k leads:detail-GET",
        "Receive Leads is less than View All Leads.",
    ),
    Mutant(
        "a partner sees all deals",
        "deals/models.py",
        "        own = self.filter(of).filter(",
        "        own = self.filter(",
        f"{MATRIX} -k deals:detail-GET",
        "Deals hold prices.",
    ),
    Mutant(
        "a withdrawn deal stays readable",
        "deals/models.py",
        """.filter(~Q(status="withdrawn") | still_open)""",
        "",
        "tests/deals/test_actions.py -k withdrawn_deal",
        "It holds the details of a lead that was taken away.",
    ),
    Mutant(
        "notes of others show",
        "leads/models.py",
        "return rows.filter(own | _at_resellers(member) if member.has_resellers else own)",
        "return rows.all()",
        "tests/leads/test_actions.py",
        "What North says among itself.",
    ),
    Mutant(
        "the vendor reads what partners say among themselves",
        "prm/events/models.py",
        "return rows.filter(Q(is_private=False) | Q(organization=member.organization_id))",
        "return rows.all()",
        "tests/events/test_record.py",
        "Private is private for the vendor, too.",
    ),
    Mutant(
        "a form offers people whom its reader does not see",
        "leads/forms.py",
        "people = Membership.objects.visible_to(by)",
        "people = Membership.objects.all()",
        "tests/guards/test_references.py -k leads:assign",
        "A sibling's id would be told from one that never was.",
    ),
    Mutant(
        "a sibling's row is forbidden instead of not there",
        "leads/views/record.py",
        """    if lead is None:
        raise Gone
    return lead.shown_to""",
        """    if lead is None:
        raise Refused("Not yours.")
    return lead.shown_to""",
        f"{MATRIX} -k leads:detail-GET",
        "403 says that there is something.",
    ),
]
