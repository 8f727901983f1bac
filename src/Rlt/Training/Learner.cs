using Rlt.Models;
using Rlt.Training.Optimization;

namespace Rlt.Training;

/// <summary>A model that learns, with its optimizer.</summary>
/// <param name="Model">The model.</param>
/// <param name="Optimizer">Changes its trained weights.</param>
public sealed record Learner(LanguageModel Model, AdamW Optimizer);
