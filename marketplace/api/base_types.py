"""The nouns that no room of the market owns: the clock and the jobs."""

import json
from datetime import datetime
from typing import Any

import graphene
from django.conf import settings
from django.db.models import QuerySet

from registry.base import clock
from registry.base.actor import Actor
from registry.base.errors import Unauthenticated
from registry.base.graphql import BigInt, IdOf, Mutation, NodeType, actor_of, connection, enum_of, from_global
from registry.base.jobs import job_cancel
from registry.base.models import Job

JobState = enum_of(Job.State, "JobState", "Where a job stands. 作业状态")


class ClockType(graphene.ObjectType):
    """The market's time, by which every period runs. 业务时钟"""

    class Meta:
        name = "Clock"

    now = graphene.DateTime(required=True, description="The business time. 业务时间")
    demo = graphene.Boolean(required=True, description="Whether clients may move it forward on this server. 是否为演示时钟")

    @staticmethod
    def current() -> "ClockType":
        """The clock as it stands."""
        return ClockType(now=clock.now(), demo=settings.DEMO_CLOCK)


class ClockAdvance(Mutation):
    """Move a demo server's business time forward; a server on real time refuses. 拨快演示时钟"""

    class Input:
        to = graphene.DateTime(required=True, description="In the future, at most ten years ahead. 目标时间")

    clock = graphene.Field(ClockType)

    @staticmethod
    def perform(actor: Actor, *, to: datetime) -> "ClockAdvance":
        """Advance it."""
        if not actor.authenticated:
            raise Unauthenticated
        clock.advance(to=to)
        return ClockAdvance(clock=ClockType.current())


class JobNode(NodeType):
    """A long computation with progress, cancellation and a result. 作业"""

    class Meta:
        model = Job

    kind = graphene.String(required=True)
    state = JobState(required=True)
    done = BigInt(required=True, description="Steps done. 已完成")
    total = BigInt(required=True, description="Steps in all, 0 while unknown. 总量")
    cancel_requested = graphene.Boolean(required=True)
    result = graphene.String(description="As JSON, once it succeeded. 结果（JSON）")
    error_code = graphene.String(required=True, description="Empty unless it failed. 错误代码")
    created_at = graphene.DateTime(required=True)
    ended_at = graphene.DateTime()

    @staticmethod
    def resolve_result(root: Job, _info: Any) -> str | None:
        """The result as JSON text."""
        return None if root.result is None else json.dumps(root.result, ensure_ascii=False, sort_keys=True)


class JobCancel(Mutation):
    """Ask a job of one's own organisation to stop. 取消作业"""

    class Input:
        job_id = IdOf("Job", required=True)

    job = graphene.Field(JobNode)

    @staticmethod
    def perform(actor: Actor, **given: Any) -> "JobCancel":
        """Cancel it."""
        return JobCancel(job=job_cancel(actor=actor, **given))


def job_page(*, actor: Actor) -> QuerySet[Job]:
    """Jobs that the actor may see."""
    return Job.objects.visible_to(actor)


class Queries:
    """What the foundation answers."""

    clock = graphene.Field(graphene.NonNull(ClockType), description="The market's time. 业务时钟")
    job = graphene.Field(JobNode, id=graphene.ID(required=True), description="Null if there is none or you may not see it. 单个作业")
    jobs = connection(JobNode, job_page)

    @staticmethod
    def resolve_clock(_root: Any, _info: Any) -> ClockType:
        """The clock."""
        return ClockType.current()

    @staticmethod
    def resolve_job(_root: Any, info: Any, id: str) -> Job | None:  # noqa: A002 the schema's argument name
        """The job."""
        return job_page(actor=actor_of(info)).filter(pk=from_global(id, expected="Job", field=("id",))).first()
