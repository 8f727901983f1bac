namespace TorchSharp;

public static partial class torch
{
    /// <summary>Neural-network functions.</summary>
    public static class nn
    {
        /// <summary>The functional forms.</summary>
        public static class functional
        {
            private static readonly Op LinearOp = new("aten::linear");
            private static readonly Op AttentionOp = new("aten::scaled_dot_product_attention");
            private static readonly Op DropoutOp = new("aten::dropout");

            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => LinearOp.Call(input, weights, bias);

            public static Tensor silu(Tensor x) => x.silu();

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true) => DropoutOp.Call(input, p, training);

            /// <summary>softmax(q kᵀ / √E + mask) v over [..., T, E]; libtorch before 2.0 has no such operator, so it is composed there.</summary>
            public static Tensor scaled_dot_product_attention(
                Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0.0, bool is_casual = false) =>
                AttentionOp.Exists
                    ? AttentionOp.Call(query, key, value, attn_mask, p, is_casual)
                    : Compose(query, key, value, attn_mask, is_casual);

            private static Tensor Compose(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal)
            {
                using DisposeScope scope = NewDisposeScope();
                long queries = query.size(-2);
                long keys = key.size(-2);
                Tensor scores = (query * (1.0 / Math.Sqrt(query.size(-1)))).matmul(key.transpose(-2, -1));
                if (causal)
                {
                    Tensor future = ones([queries, keys], ScalarType.Bool, query.device).triu(1);
                    scores = scores.masked_fill(future, double.NegativeInfinity);
                }
                else if (mask is not null)
                {
                    scores = mask.dtype == ScalarType.Bool ? scores.masked_fill(mask.logical_not(), double.NegativeInfinity) : scores + mask;
                }

                return scope.MoveToOuter(scores.softmax(-1).matmul(value));
            }
        }
    }
}
