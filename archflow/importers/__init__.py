"""Real models as architectures: from torch, ONNX, ncnn, and the text and tables of others."""

from archflow.importers.base import IMPORTERS, Importer, Source, import_models
from archflow.importers.model import ImportedModel, table_of

__all__ = ["IMPORTERS", "ImportedModel", "Importer", "Source", "import_models", "table_of"]
