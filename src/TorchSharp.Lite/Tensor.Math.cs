namespace TorchSharp;

public static partial class torch
{
    // Arithmetic, comparison and reductions.
    public sealed partial class Tensor
    {
        private static readonly Op AddOp = new("aten::add", "Tensor");
        private static readonly Op AddScalarOp = new("aten::add", "Scalar");
        private static readonly Op AddInPlaceOp = new("aten::add_", "Tensor");
        private static readonly Op AddScalarInPlaceOp = new("aten::add_", "Scalar");
        private static readonly Op SubOp = new("aten::sub", "Tensor");
        private static readonly Op SubScalarOp = new("aten::sub", "Scalar");
        private static readonly Op SubInPlaceOp = new("aten::sub_", "Tensor");
        private static readonly Op MulOp = new("aten::mul", "Tensor");
        private static readonly Op MulScalarOp = new("aten::mul", "Scalar");
        private static readonly Op MulInPlaceOp = new("aten::mul_", "Tensor");
        private static readonly Op MulScalarInPlaceOp = new("aten::mul_", "Scalar");
        private static readonly Op DivOp = new("aten::div", "Tensor");
        private static readonly Op DivScalarOp = new("aten::div", "Scalar");
        private static readonly Op DivInPlaceOp = new("aten::div_", "Tensor");
        private static readonly Op DivScalarInPlaceOp = new("aten::div_", "Scalar");
        private static readonly Op AddcmulInPlaceOp = new("aten::addcmul_");
        private static readonly Op AddcdivInPlaceOp = new("aten::addcdiv_");
        private static readonly Op NegOp = new("aten::neg");
        private static readonly Op ExpOp = new("aten::exp");
        private static readonly Op LogOp = new("aten::log");
        private static readonly Op CosOp = new("aten::cos");
        private static readonly Op SinOp = new("aten::sin");
        private static readonly Op SqrtOp = new("aten::sqrt");
        private static readonly Op RsqrtOp = new("aten::rsqrt");
        private static readonly Op AbsOp = new("aten::abs");
        private static readonly Op SiluOp = new("aten::silu");
        private static readonly Op PowOp = new("aten::pow", "Tensor_Scalar");
        private static readonly Op ClampOp = new("aten::clamp");
        private static readonly Op MinimumOp = new("aten::minimum");
        private static readonly Op MaximumOp = new("aten::maximum");
        private static readonly Op MatmulOp = new("aten::matmul");
        private static readonly Op AddmmInPlaceOp = new("aten::addmm_");
        private static readonly Op SumOp = new("aten::sum");
        private static readonly Op SumDimOp = new("aten::sum", "dim_IntList");
        private static readonly Op MeanOp = new("aten::mean");
        private static readonly Op MeanDimOp = new("aten::mean", "dim");
        private static readonly Op StdDimOp = new("aten::std", "dim");
        private static readonly Op MaxOp = new("aten::max");
        private static readonly Op MinOp = new("aten::min");
        private static readonly Op AmaxOp = new("aten::amax");
        private static readonly Op AminOp = new("aten::amin");
        private static readonly Op MaxDimOp = new("aten::max", "dim");
        private static readonly Op ArgmaxOp = new("aten::argmax");
        private static readonly Op CumsumOp = new("aten::cumsum");
        private static readonly Op LogsumexpOp = new("aten::logsumexp");
        private static readonly Op SoftmaxOp = new("aten::softmax", "int");
        private static readonly Op LogSoftmaxOp = new("aten::log_softmax", "int");
        private static readonly Op TopkOp = new("aten::topk");
        private static readonly Op SortOp = new("aten::sort");
        private static readonly Op NormOp = new("aten::norm", "Scalar");
        private static readonly Op EqOp = new("aten::eq", "Tensor");
        private static readonly Op EqScalarOp = new("aten::eq", "Scalar");
        private static readonly Op LtOp = new("aten::lt", "Tensor");
        private static readonly Op LtScalarOp = new("aten::lt", "Scalar");
        private static readonly Op LeOp = new("aten::le", "Tensor");
        private static readonly Op LeScalarOp = new("aten::le", "Scalar");
        private static readonly Op GtOp = new("aten::gt", "Tensor");
        private static readonly Op GtScalarOp = new("aten::gt", "Scalar");
        private static readonly Op GeOp = new("aten::ge", "Tensor");
        private static readonly Op LogicalNotOp = new("aten::logical_not");
        private static readonly Op LogicalAndOp = new("aten::logical_and");
        private static readonly Op MaskedFillOp = new("aten::masked_fill", "Scalar");
        private static readonly Op MaskedFillInPlaceOp = new("aten::masked_fill_", "Scalar");
        private static readonly Op IsfiniteOp = new("aten::isfinite");
        private static readonly Op AllOp = new("aten::all");
        private static readonly Op ZeroOp = new("aten::zero_");
        private static readonly Op FillOp = new("aten::fill_", "Scalar");
        private static readonly Op NormalOp = new("aten::normal_");

        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);

        public static Tensor operator +(Tensor left, Scalar right) => left.add(right);

        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);

        public static Tensor operator -(Tensor left, Scalar right) => left.sub(right);

        public static Tensor operator -(Tensor tensor) => tensor.neg();

        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);

        public static Tensor operator *(Tensor left, Scalar right) => left.mul(right);

        public static Tensor operator *(Scalar left, Tensor right) => right.mul(left);

        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);

        public static Tensor operator /(Tensor left, Scalar right) => left.div(right);

        public Tensor add(Tensor target) => AddOp.Call(this, target);

        public Tensor add(Tensor target, Scalar alpha) => AddOp.Call(this, target, alpha);

        public Tensor add(Scalar scalar) => AddScalarOp.Call(this, scalar);

        public Tensor add_(Tensor target) => AddInPlaceOp.CallInPlace(this, target);

        public Tensor add_(Tensor target, Scalar alpha) => AddInPlaceOp.CallInPlace(this, target, alpha);

        public Tensor add_(Scalar scalar) => AddScalarInPlaceOp.CallInPlace(this, scalar);

        public Tensor sub(Tensor target) => SubOp.Call(this, target);

        public Tensor sub(Scalar target) => SubScalarOp.Call(this, target);

        public Tensor sub_(Tensor target) => SubInPlaceOp.CallInPlace(this, target);

        public Tensor mul(Tensor target) => MulOp.Call(this, target);

        public Tensor mul(Scalar target) => MulScalarOp.Call(this, target);

        public Tensor mul_(Tensor target) => MulInPlaceOp.CallInPlace(this, target);

        public Tensor mul_(Scalar target) => MulScalarInPlaceOp.CallInPlace(this, target);

        public Tensor div(Tensor target) => DivOp.Call(this, target);

        public Tensor div(Scalar target) => DivScalarOp.Call(this, target);

        public Tensor div_(Tensor target) => DivInPlaceOp.CallInPlace(this, target);

        public Tensor div_(Scalar target) => DivScalarInPlaceOp.CallInPlace(this, target);

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => AddcmulInPlaceOp.CallInPlace(this, tensor1, tensor2, value);

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => AddcdivInPlaceOp.CallInPlace(this, tensor1, tensor2, value);

        public Tensor neg() => NegOp.Call(this);

        public Tensor exp() => ExpOp.Call(this);

        public Tensor log() => LogOp.Call(this);

        public Tensor cos() => CosOp.Call(this);

        public Tensor sin() => SinOp.Call(this);

        public Tensor sqrt() => SqrtOp.Call(this);

        public Tensor rsqrt() => RsqrtOp.Call(this);

        public Tensor abs() => AbsOp.Call(this);

        public Tensor silu() => SiluOp.Call(this);

        public Tensor pow(Scalar exponent) => PowOp.Call(this, exponent);

        public Tensor square() => mul(this);

        public Tensor clamp(Scalar? min = null, Scalar? max = null) => ClampOp.Call(this, min, max);

        public Tensor minimum(Tensor other) => MinimumOp.Call(this, other);

        public Tensor maximum(Tensor other) => MaximumOp.Call(this, other);

        public Tensor matmul(Tensor target) => MatmulOp.Call(this, target);

        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => AddmmInPlaceOp.CallInPlace(this, mat1, mat2, beta, alpha);

        public Tensor sum(ScalarType? type = null) => SumOp.Call(this, Arg.Optional(type));

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => SumDimOp.Call(this, new[] { dim }, keepdim, Arg.Optional(type));

        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => SumDimOp.Call(this, dim, keepdim, Arg.Optional(type));

        public Tensor mean() => MeanOp.Call(this);

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => MeanDimOp.Call(this, dimensions, keepdim, Arg.Optional(type));

        public Tensor std(long dim, bool unbiased = true, bool keepdim = false) => StdDimOp.Call(this, new[] { dim }, unbiased, keepdim);

        public Tensor max() => MaxOp.Call(this);

        public Tensor min() => MinOp.Call(this);

        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => MaxDimOp.CallPair(this, dim, keepdim);

        public Tensor amax(long[] dims, bool keepdim = false) => AmaxOp.Call(this, dims, keepdim);

        public Tensor amin(long[] dims, bool keepdim = false) => AminOp.Call(this, dims, keepdim);

        public Tensor argmax(long dim, bool keepdim = false) => ArgmaxOp.Call(this, dim, keepdim);

        public Tensor cumsum(long dim, ScalarType? type = null) => CumsumOp.Call(this, dim, Arg.Optional(type));

        public Tensor logsumexp(long dim, bool keepdim = false) => LogsumexpOp.Call(this, new[] { dim }, keepdim);

        public Tensor softmax(long dim, ScalarType? dtype = null) => SoftmaxOp.Call(this, dim, Arg.Optional(dtype));

        public Tensor log_softmax(long dim, ScalarType? dtype = null) => LogSoftmaxOp.Call(this, dim, Arg.Optional(dtype));

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            TopkOp.CallPair(this, k, dim, largest, sorted);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false) => SortOp.CallPair(this, dim, descending);

        public Tensor norm(float p = 2.0f) => NormOp.Call(this, p);

        public Tensor eq(Tensor target) => EqOp.Call(this, target);

        public Tensor eq(Scalar target) => EqScalarOp.Call(this, target);

        public Tensor lt(Tensor target) => LtOp.Call(this, target);

        public Tensor lt(Scalar target) => LtScalarOp.Call(this, target);

        public Tensor le(Tensor target) => LeOp.Call(this, target);

        public Tensor le(Scalar target) => LeScalarOp.Call(this, target);

        public Tensor gt(Tensor target) => GtOp.Call(this, target);

        public Tensor gt(Scalar target) => GtScalarOp.Call(this, target);

        public Tensor ge(Tensor target) => GeOp.Call(this, target);

        public Tensor logical_not() => LogicalNotOp.Call(this);

        public Tensor logical_and(Tensor other) => LogicalAndOp.Call(this, other);

        public Tensor masked_fill(Tensor mask, Scalar value) => MaskedFillOp.Call(this, mask, value);

        public Tensor masked_fill_(Tensor mask, Scalar value) => MaskedFillInPlaceOp.CallInPlace(this, mask, value);

        public Tensor isfinite() => IsfiniteOp.Call(this);

        public Tensor all() => AllOp.Call(this);

        public Tensor zero_() => ZeroOp.CallInPlace(this);

        public Tensor fill_(Scalar value) => FillOp.CallInPlace(this, value);

        public Tensor normal_(double mean = 0.0, double std = 1.0) => NormalOp.CallInPlace(this, mean, std);
    }
}
