"""Reads of files, of what was measured in them, and of the papers about an object."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Q

from listings.resources.checks import WITHOUT_PEOPLE
from listings.resources.models import Asset, ConsentBasis, ImpactAssessment, InstitutionReport, Profile, Sample, SourceStatement
from registry.base.actor import SYSTEM, Actor
from registry.base.visibility import Record, RecordQuerySet
from registry.rights.models import SUPERVISING

Paper = TypeVar("Paper", bound=Record)


def asset_page(*, actor: Actor, object_id: UUID | None = None) -> RecordQuerySet[Asset]:
    """Assets, of one object if asked."""
    return _of(Asset.objects.visible_to(actor), object_id)


def profile_page(*, actor: Actor, object_id: UUID | None = None) -> RecordQuerySet[Profile]:
    """Profiles, of one object's assets if asked."""
    rows = Profile.objects.visible_to(actor).select_related("asset__object")
    return rows if object_id is None else rows.filter(asset__object=object_id)


def sample_page(*, actor: Actor, object_id: UUID | None = None) -> RecordQuerySet[Sample]:
    """Samples, of one object's assets if asked."""
    rows = Sample.objects.visible_to(actor)
    return rows if object_id is None else rows.filter(asset__object=object_id)


def consent_page(*, actor: Actor, object_id: UUID | None = None, buyer_id: UUID | None = None) -> RecordQuerySet[ConsentBasis]:
    """Consents, of one object or naming one buyer if asked."""
    rows = _of(ConsentBasis.objects.visible_to(actor), object_id)
    return rows if buyer_id is None else rows.filter(buyer=buyer_id)


def impact_assessment_page(*, actor: Actor, object_id: UUID | None = None) -> RecordQuerySet[ImpactAssessment]:
    """Impact assessments, of one object if asked."""
    return _of(ImpactAssessment.objects.visible_to(actor), object_id)


def source_statement_page(*, actor: Actor, object_id: UUID | None = None) -> RecordQuerySet[SourceStatement]:
    """Source statements, of one object if asked."""
    return _of(SourceStatement.objects.visible_to(actor), object_id)


def institution_report_page(*, actor: Actor, object_id: UUID | None = None) -> RecordQuerySet[InstitutionReport]:
    """Institutions' reports, of one object if asked."""
    return _of(InstitutionReport.objects.visible_to(actor), object_id)


def extremes_open(actor: Actor, profile: Profile) -> bool:
    """Whether an actor may read least and greatest values: they are values of somebody where the data is about people."""
    if actor is SYSTEM or actor.is_kind(*SUPERVISING) or profile.asset.owner_id == actor.organisation:
        return True
    return profile.asset.object is not None and profile.asset.object.pi_kind in WITHOUT_PEOPLE


def _of(rows: RecordQuerySet[Paper], object_id: UUID | None) -> RecordQuerySet[Paper]:
    return rows if object_id is None else rows.filter(Q(object=object_id))
