namespace Rlt.Grading.Numbers;

/// <summary>The work that one comparison may cost: hostile answers end it, they do not prolong it.</summary>
internal sealed class WorkBudget(int units)
{
    private int _left = units;

    /// <summary>Takes units of about a third of a microsecond.</summary>
    /// <exception cref="UngradableException">Nothing is left.</exception>
    public void Spend(int cost)
    {
        _left -= cost;
        if (_left < 0)
        {
            throw new UngradableException("too much work");
        }
    }
}
