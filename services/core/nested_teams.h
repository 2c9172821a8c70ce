// Teams within teams. Pure functions, any thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kith {

// By team, the one it is a part of; empty where it is a part of none.
using TeamParents = std::map<std::string, std::string, std::less<>>;

// Those of `teams` that are there, and all that are parts of them, of their parts, and so on;
// sorted, each once.
std::vector<std::string> WithParts(const std::vector<std::string>& teams,
                                   const TeamParents& parents);

// Those of `teams` that are there, and all that they are parts of; sorted, each once.
std::vector<std::string> WithWholes(const std::vector<std::string>& teams,
                                    const TeamParents& parents);

}  // namespace kith
