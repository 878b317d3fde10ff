#include "rows.hpp"

namespace conformance {

using namespace xgrad;
using A = Arguments;

namespace {

std::optional<std::int64_t> bound(const Json& number) {
  return number.is_null() ? std::nullopt : std::optional(number.get<std::int64_t>());
}

std::optional<std::int64_t> optional_integer(const A& a, const std::string& name) {
  return a.is_null(name) ? std::nullopt : std::optional(a.integer(name));
}

/// What stands in the brackets.
std::vector<Index> brackets(const A& a) {
  std::vector<Index> indices;
  for (const Json& entry : a.json("indices")) {
    if (entry.is_number_integer()) {
      indices.emplace_back(entry.get<std::int64_t>());
    } else if (entry.is_string()) {
      if (entry.get<std::string>() == "...")
        indices.emplace_back(Ellipsis{});
      else
        indices.emplace_back(NewAxis{});
    } else if (entry.contains("slice")) {
      const Json& slice = entry.at("slice");
      indices.emplace_back(Range{bound(slice[0]), bound(slice[1]), bound(slice[2]).value_or(1)});
    } else {
      indices.emplace_back(read_tensor(entry));
    }
  }
  return indices;
}

ScatterReduction reduction(const std::string& name) {
  const std::map<std::string, ScatterReduction> reductions = {{"sum", ScatterReduction::sum},
                                                              {"prod", ScatterReduction::prod},
                                                              {"mean", ScatterReduction::mean},
                                                              {"amax", ScatterReduction::amax},
                                                              {"amin", ScatterReduction::amin}};
  auto found = reductions.find(name);
  if (found == reductions.end()) throw ValueError("scatter_reduce: unknown reduction " + name);
  return found->second;
}

Outputs both(std::pair<Tensor, Tensor> pair) { return {pair.first, pair.second}; }
Outputs all_of(const Unique& found) { return {found.values, found.inverse, found.counts}; }

}  // namespace

Rows index_rows() {
  return {
      {"index/getitem", [](const A& a) { return Outputs{getitem(a.tensor("input"), brackets(a))}; }},
      {"index/setitem",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("value") ? setitem(x, brackets(a), a.tensor("value"))
                                             : setitem(x, brackets(a), a.number("value"))};
       }},
      {"index/index_put",
       [](const A& a) {
         return Outputs{
             index_put(a.tensor("input"), a.tensors("indices"), a.tensor("values"), a.flag("accumulate"))};
       }},
      {"index/index_select",
       [](const A& a) {
         return Outputs{index_select(a.tensor("input"), a.integer("dim"), a.tensor("index"))};
       }},
      {"index/gather",
       [](const A& a) { return Outputs{gather(a.tensor("input"), a.integer("dim"), a.tensor("index"))}; }},
      {"index/take_along_dim",
       [](const A& a) {
         return Outputs{take_along_dim(a.tensor("input"), a.tensor("indices"), optional_integer(a, "dim"))};
       }},
      {"index/scatter",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("src")
                            ? scatter(x, a.integer("dim"), a.tensor("index"), a.tensor("src"))
                            : scatter(x, a.integer("dim"), a.tensor("index"), a.number("src"))};
       }},
      {"index/scatter_add",
       [](const A& a) {
         return Outputs{scatter_add(a.tensor("input"), a.integer("dim"), a.tensor("index"), a.tensor("src"))};
       }},
      {"index/scatter_reduce",
       [](const A& a) {
         return Outputs{scatter_reduce(a.tensor("input"), a.integer("dim"), a.tensor("index"),
                                       a.tensor("src"), reduction(a.text("reduce")), a.flag("include_self"))};
       }},
      {"index/index_add",
       [](const A& a) {
         return Outputs{index_add(a.tensor("input"), a.integer("dim"), a.tensor("index"), a.tensor("source"),
                                  a.number("alpha"))};
       }},
      {"index/index_copy",
       [](const A& a) {
         return Outputs{
             index_copy(a.tensor("input"), a.integer("dim"), a.tensor("index"), a.tensor("source"))};
       }},
      {"index/index_fill",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("value")
                            ? index_fill(x, a.integer("dim"), a.tensor("index"), a.tensor("value"))
                            : index_fill(x, a.integer("dim"), a.tensor("index"), a.number("value"))};
       }},
      {"index/masked_select",
       [](const A& a) { return Outputs{masked_select(a.tensor("input"), a.tensor("mask"))}; }},
      {"index/masked_fill",
       [](const A& a) {
         const Tensor& x = a.tensor("input");
         return Outputs{a.is_tensor("value") ? masked_fill(x, a.tensor("mask"), a.tensor("value"))
                                             : masked_fill(x, a.tensor("mask"), a.number("value"))};
       }},
      {"index/masked_scatter",
       [](const A& a) {
         return Outputs{masked_scatter(a.tensor("input"), a.tensor("mask"), a.tensor("source"))};
       }},
      {"index/take", [](const A& a) { return Outputs{take(a.tensor("input"), a.tensor("index"))}; }},
      {"index/put",
       [](const A& a) {
         return Outputs{put(a.tensor("input"), a.tensor("index"), a.tensor("source"), a.flag("accumulate"))};
       }},
      {"index/select_scatter",
       [](const A& a) {
         return Outputs{
             select_scatter(a.tensor("input"), a.tensor("src"), a.integer("dim"), a.integer("index"))};
       }},
      {"index/slice_scatter",
       [](const A& a) {
         return Outputs{slice_scatter(a.tensor("input"), a.tensor("src"), a.integer("dim"),
                                      optional_integer(a, "start"), optional_integer(a, "end"),
                                      a.integer("step"))};
       }},
      {"index/diagonal_scatter",
       [](const A& a) {
         return Outputs{diagonal_scatter(a.tensor("input"), a.tensor("src"), a.integer("offset"),
                                         a.integer("dim1"), a.integer("dim2"))};
       }},
      {"index/sort",
       [](const A& a) {
         return both(sort(a.tensor("input"), a.integer("dim"), a.flag("descending"), a.flag("stable")));
       }},
      {"index/argsort",
       [](const A& a) {
         return Outputs{argsort(a.tensor("input"), a.integer("dim"), a.flag("descending"), a.flag("stable"))};
       }},
      {"index/msort", [](const A& a) { return Outputs{msort(a.tensor("input"))}; }},
      {"index/topk",
       [](const A& a) {
         return both(topk(a.tensor("input"), a.integer("k"), a.integer("dim"), a.flag("largest")));
       }},
      {"index/searchsorted",
       [](const A& a) {
         return Outputs{searchsorted(a.tensor("sorted_sequence"), a.tensor("values"), a.flag("right"))};
       }},
      {"index/bucketize",
       [](const A& a) {
         return Outputs{bucketize(a.tensor("input"), a.tensor("boundaries"), a.flag("right"))};
       }},
      {"index/unique",
       [](const A& a) { return all_of(unique(a.tensor("input"), optional_integer(a, "dim"))); }},
      {"index/unique_consecutive",
       [](const A& a) { return all_of(unique_consecutive(a.tensor("input"), optional_integer(a, "dim"))); }},
      {"index/nonzero", [](const A& a) { return Outputs{nonzero(a.tensor("input"))}; }},
      {"index/one_hot",
       [](const A& a) { return Outputs{one_hot(a.tensor("input"), a.integer("num_classes"))}; }},
  };
}

}  // namespace conformance
