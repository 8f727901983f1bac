namespace Rlt.Text.Tokenization.PreTokenization;

/// <summary>Splits text into the pieces that the model gets one at a time. Pieces that already are tokens stay as they are.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Splits every piece of a text; never yields empty ones.</summary>
    public abstract List<Piece> Apply(List<Piece> pieces);
}
