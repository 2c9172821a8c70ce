#include "services/cli/load/load_text.h"

#include <vector>

namespace kith::cli {
namespace {

constexpr int kWords = 5000;
constexpr size_t kShortest = 2;
constexpr size_t kLengths = 9;

const std::vector<std::string>& Words() {
  static const auto& words = *[] {
    std::mt19937_64 random(7);
    auto* made = new std::vector<std::string>();
    for (int i = 0; i < kWords; ++i) {
      std::string word;
      for (size_t length = kShortest + random() % kLengths; word.size() < length;) {
        word += static_cast<char>('a' + random() % 26);
      }
      made->push_back(std::move(word));
    }
    return made;
  }();
  return words;
}

}  // namespace

std::string LoadText::Make(size_t bytes) {
  const std::vector<std::string>& words = Words();
  std::string text;
  text.reserve(bytes + kShortest + kLengths);
  while (text.size() < bytes) {
    text += words[random_() % words.size()];
    text += ' ';
  }
  text.resize(bytes);
  return text;
}

}  // namespace kith::cli
