"""The register of rights: objects, grants of the three independent rights, holds, and the chain of title."""
