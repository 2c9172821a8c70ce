#include "services/core/nested_teams.h"

#include <set>

namespace kith {

std::vector<std::string> WithParts(const std::vector<std::string>& teams,
                                   const TeamParents& parents) {
  std::multimap<std::string, std::string> parts;
  for (const auto& [team, parent] : parents) {
    if (!parent.empty()) parts.emplace(parent, team);
  }
  std::set<std::string> within;
  std::vector<std::string> next = teams;
  while (!next.empty()) {
    const std::string team = std::move(next.back());
    next.pop_back();
    if (!parents.contains(team) || !within.insert(team).second) continue;
    const auto [first, last] = parts.equal_range(team);
    for (auto part = first; part != last; ++part) next.push_back(part->second);
  }
  return {within.begin(), within.end()};
}

std::vector<std::string> WithWholes(const std::vector<std::string>& teams,
                                    const TeamParents& parents) {
  std::set<std::string> around;
  for (std::string team : teams) {
    for (auto known = parents.find(team); known != parents.end() && around.insert(team).second;
         known = parents.find(team)) {
      team = known->second;
    }
  }
  return {around.begin(), around.end()};
}

}  // namespace kith
