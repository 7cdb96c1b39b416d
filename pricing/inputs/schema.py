"""Files of inputs in GraphQL."""

from typing import Any

import graphene

from pricing.inputs.links import upload_path
from pricing.inputs.models import InputFile
from pricing.inputs.selectors import input_page
from pricing.inputs.services import input_stage
from registry.base.actor import Actor
from registry.base.graphql import Mutation, NodeType, connection


class InputFileNode(NodeType):
    """JSON for a pricing model, sent once. 计算输入文件"""

    class Meta:
        model = InputFile

    size = graphene.Int(required=True)
    sha256 = graphene.String(description="Of the bytes, once they arrived. 内容摘要")
    staged_at = graphene.DateTime(required=True)
    stored_at = graphene.DateTime()


class PricingInputStage(Mutation):
    """Announce parameters or inputs that are too long for a request; PUT them to uploadPath within the hour. 上传计算输入"""

    class Input:
        size = graphene.Int(required=True, description="Bytes, at most 8 MiB. 字节数")
        idempotency_key = graphene.String(required=True)

    input_file = graphene.Field(InputFileNode)
    upload_path = graphene.String(description="Takes a PUT of exactly that many bytes. 上传地址")

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "PricingInputStage":
        """Call the service."""
        file = input_stage(actor=actor, **given)
        return cls(input_file=file, upload_path=upload_path(file))


class Queries:
    """What inputs answer."""

    input_files = connection(InputFileNode, input_page)
