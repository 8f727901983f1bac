using System.Globalization;
using System.Text;

namespace Rlt.Serving.Engine;

/// <summary>What the server has done and does, in the text form of Prometheus.</summary>
internal sealed class ServerMetrics
{
    // Upper bounds; seconds.
    private static readonly double[] Bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Lock _changes = new();
    private readonly SortedDictionary<(string Path, int Status), long> _requests = [];
    private readonly long[] _firstTokens = new long[Bounds.Length + 1];
    private double _firstTokenSeconds;
    private double _requestSeconds;
    private long _promptTokens;
    private long _drawnTokens;
    private long _steps;
    private int _running;

    /// <summary>Requests that wait for room.</summary>
    public int Waiting { get; set; }

    /// <summary>Mean seconds of the requests that were answered; 0 where none was.</summary>
    public double MeanSeconds
    {
        get
        {
            lock (_changes)
            {
                long answered = _requests.Where(pair => pair.Key.Status == 200).Sum(pair => pair.Value);
                return answered == 0 ? 0 : _requestSeconds / answered;
            }
        }
    }

    /// <summary>A request has been answered.</summary>
    public void Answered(string path, int status, double seconds)
    {
        lock (_changes)
        {
            _requests[(path, status)] = _requests.GetValueOrDefault((path, status)) + 1;
            _requestSeconds += status == 200 ? seconds : 0;
        }
    }

    /// <summary>A request's first row enters the batch.</summary>
    public void Began(Job job)
    {
        lock (_changes)
        {
            _promptTokens += job.Request.Prompts.Sum(prompt => (long)prompt.Ids.Length);
        }
    }

    /// <summary>A request's first token is there.</summary>
    public void FirstToken(double seconds)
    {
        lock (_changes)
        {
            int bucket = Array.FindIndex(Bounds, bound => seconds <= bound);
            _firstTokens[bucket < 0 ? Bounds.Length : bucket]++;
            _firstTokenSeconds += seconds;
        }
    }

    /// <summary>The engine has made a step.</summary>
    /// <param name="tokens">Tokens drawn.</param>
    /// <param name="running">Rows in the batch after it.</param>
    public void Computed(int tokens, int running)
    {
        lock (_changes)
        {
            (_steps, _drawnTokens, _running) = (_steps + 1, _drawnTokens + tokens, running);
        }
    }

    /// <summary>All of it.</summary>
    public string Text()
    {
        lock (_changes)
        {
            var text = new StringBuilder();
            Head(text, "rlt_requests_total", "counter", "Requests answered, by path and status.");
            foreach (((string path, int status), long count) in _requests)
            {
                Line(text, $"rlt_requests_total{{path=\"{path}\",status=\"{status}\"}}", count);
            }

            One(text, "rlt_prompt_tokens_total", "counter", "Tokens of prompts.", _promptTokens);
            One(text, "rlt_generated_tokens_total", "counter", "Tokens drawn.", _drawnTokens);
            One(text, "rlt_engine_steps_total", "counter", "Passes of the engine.", _steps);
            One(text, "rlt_rows_running", "gauge", "Sequences being decoded.", _running);
            One(text, "rlt_requests_waiting", "gauge", "Requests that wait for room in the batch.", Waiting);
            Head(text, "rlt_time_to_first_token_seconds", "histogram", "Time from a request's arrival to its first token.");
            long sum = 0;
            foreach ((int i, double bound) in Bounds.Append(double.PositiveInfinity).Index())
            {
                string name = double.IsInfinity(bound) ? "+Inf" : bound.ToString(CultureInfo.InvariantCulture);
                Line(text, $"rlt_time_to_first_token_seconds_bucket{{le=\"{name}\"}}", sum += _firstTokens[i]);
            }

            Line(text, "rlt_time_to_first_token_seconds_sum", _firstTokenSeconds);
            Line(text, "rlt_time_to_first_token_seconds_count", sum);
            return text.ToString();
        }
    }

    private static void One(StringBuilder text, string name, string kind, string help, double value)
    {
        Head(text, name, kind, help);
        Line(text, name, value);
    }

    private static void Head(StringBuilder text, string name, string kind, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {kind}\n");

    private static void Line(StringBuilder text, string name, double value) => text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
}
