#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

std::optional<std::int64_t> optional_integer(const A& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.integer(name));
}
Outputs both(const std::pair<Tensor, Tensor>& results) { return {results.first, results.second}; }

/// f(input, dim, keepdim), and f(input, dim, keepdim, dtype).
Call over_dims(Tensor (*call)(const Tensor&, const Dims&, bool)) {
  return [call](const A& a) { return Outputs{call(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; };
}
Call with_dtype(Tensor (*call)(const Tensor&, const Dims&, bool, std::optional<DType>)) {
  return [call](const A& a) {
    return Outputs{call(a.tensor("input"), a.dims("dim"), a.flag("keepdim"), a.optional_dtype("dtype"))};
  };
}
/// f(input, dim, correction, keepdim).
template <class Results>
Call moment(Results (*call)(const Tensor&, const Dims&, std::optional<double>, bool)) {
  return [call](const A& a) {
    Results results =
        call(a.tensor("input"), a.dims("dim"),
             a.is_null("correction") ? std::nullopt : std::optional(a.real("correction")), a.flag("keepdim"));
    if constexpr (std::is_same_v<Results, Tensor>)
      return Outputs{results};
    else
      return both(results);
  };
}
/// f(input, dim, keepdim) of one dimension.
Call pair_along(std::pair<Tensor, Tensor> (*call)(const Tensor&, std::int64_t, bool)) {
  return [call](const A& a) { return both(call(a.tensor("input"), a.integer("dim"), a.flag("keepdim"))); };
}
Call place(Tensor (*call)(const Tensor&, std::optional<std::int64_t>, bool)) {
  return [call](const A& a) {
    return Outputs{call(a.tensor("input"), optional_integer(a, "dim"), a.flag("keepdim"))};
  };
}
Call scan(Tensor (*call)(const Tensor&, std::int64_t, std::optional<DType>)) {
  return [call](const A& a) {
    return Outputs{call(a.tensor("input"), a.integer("dim"), a.optional_dtype("dtype"))};
  };
}
Call running_extreme(std::pair<Tensor, Tensor> (*call)(const Tensor&, std::int64_t)) {
  return [call](const A& a) { return both(call(a.tensor("input"), a.integer("dim"))); };
}
/// f(input) without a dimension, else the pair f(input, dim, keepdim).
Call median_row(Tensor (*of_all)(const Tensor&),
                std::pair<Tensor, Tensor> (*along)(const Tensor&, std::int64_t, bool)) {
  return [=](const A& a) {
    if (a.is_null("dim")) return Outputs{of_all(a.tensor("input"))};
    return both(along(a.tensor("input"), a.integer("dim"), a.flag("keepdim")));
  };
}
}  // namespace

Rows reduction_rows() {
  return {
      {"reduction/sum", with_dtype(sum)},
      {"reduction/nansum",
       [](const A& a) { return Outputs{nansum(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; }},
      {"reduction/mean", with_dtype(mean)},
      {"reduction/nanmean",
       [](const A& a) { return Outputs{nanmean(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; }},
      {"reduction/prod",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         if (a.is_null("dim")) return Outputs{prod(x, a.optional_dtype("dtype"))};
         return Outputs{prod(x, a.integer("dim"), a.flag("keepdim"), a.optional_dtype("dtype"))};
       }},
      {"reduction/var", moment(var)},
      {"reduction/var_mean", moment(var_mean)},
      {"reduction/std", moment(xgrad::std)},
      {"reduction/std_mean", moment(std_mean)},
      {"reduction/std_zero", [](const A& a) { return Outputs{xgrad::std(a.tensor("input"))}; }},
      {"reduction/amax", over_dims(amax)},
      {"reduction/amin", over_dims(amin)},
      {"reduction/aminmax",
       [](const A& a) {
         return both(aminmax(a.tensor("input"), optional_integer(a, "dim"), a.flag("keepdim")));
       }},
      {"reduction/max_all", unary(max)},
      {"reduction/min_all", unary(min)},
      {"reduction/max_dim", pair_along(max)},
      {"reduction/min_dim", pair_along(min)},
      {"reduction/argmax", place(argmax)},
      {"reduction/argmin", place(argmin)},
      {"reduction/all", over_dims(all)},
      {"reduction/any", over_dims(any)},
      {"reduction/count_nonzero",
       [](const A& a) { return Outputs{count_nonzero(a.tensor("input"), a.dims("dim"))}; }},
      {"reduction/logsumexp",
       [](const A& a) { return Outputs{logsumexp(a.tensor("input"), a.dims("dim"), a.flag("keepdim"))}; }},
      {"reduction/cumsum", scan(cumsum)},
      {"reduction/cumprod", scan(cumprod)},
      {"reduction/logcumsumexp",
       [](const A& a) { return Outputs{logcumsumexp(a.tensor("input"), a.integer("dim"))}; }},
      {"reduction/cummax", running_extreme(cummax)},
      {"reduction/cummin", running_extreme(cummin)},
      {"reduction/diff",
       [](const A& a) {
         return Outputs{diff(a.tensor("input"), a.integer("n"), a.integer("dim"),
                             optional_tensor(a, "prepend"), optional_tensor(a, "append"))};
       }},
      {"reduction/trapezoid",
       [](const A& a) {
         const Tensor& y = a.tensor("y");
         return Outputs{a.is_null("x") ? trapezoid(y, a.number("dx"), a.integer("dim"))
                                       : trapezoid(y, a.tensor("x"), a.integer("dim"))};
       }},
      {"reduction/cumulative_trapezoid",
       [](const A& a) {
         return Outputs{cumulative_trapezoid(a.tensor("y"), a.number("dx"), a.integer("dim"))};
       }},
      {"reduction/median", median_row(median, median)},
      {"reduction/nanmedian", median_row(nanmedian, nanmedian)},
      {"reduction/mode",
       [](const A& a) {
         return Outputs{mode(a.tensor("input"), a.integer("dim"), a.flag("keepdim")).first};
       }},
      {"reduction/kthvalue",
       [](const A& a) {
         return both(kthvalue(a.tensor("input"), a.integer("k"), a.integer("dim"), a.flag("keepdim")));
       }},
      {"reduction/quantile",
       [](const A& a) {
         return Outputs{quantile(a.tensor("input"), a.tensor("q"), optional_integer(a, "dim"),
                                 a.flag("keepdim"), a.text("interpolation"))};
       }},
      {"reduction/nanquantile",
       [](const A& a) {
         return Outputs{
             nanquantile(a.tensor("input"), a.tensor("q"), optional_integer(a, "dim"), a.flag("keepdim"))};
       }},
      {"reduction/vector_norm",
       [](const A& a) {
         return Outputs{
             linalg::vector_norm(a.tensor("input"), a.real("ord"), a.dims("dim"), a.flag("keepdim"))};
       }},
      {"reduction/norm",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         if (a.json("p") == "fro" || a.json("p") == "nuc")
           return Outputs{norm(x, a.text("p"), a.dims("dim"), a.flag("keepdim"))};
         return Outputs{norm(x, a.real("p"), a.dims("dim"), a.flag("keepdim"))};
       }},
      {"reduction/renorm",
       [](const A& a) {
         return Outputs{renorm(a.tensor("input"), a.real("p"), a.integer("dim"), a.real("maxnorm"))};
       }},
      {"reduction/bincount",
       [](const A& a) {
         return Outputs{bincount(a.tensor("input"), optional_tensor(a, "weights"), a.integer("minlength"))};
       }},
      {"reduction/histc",
       [](const A& a) {
         return Outputs{histc(a.tensor("input"), a.integer("bins"), a.real("min"), a.real("max"))};
       }},
  };
}

}  // namespace conformance
