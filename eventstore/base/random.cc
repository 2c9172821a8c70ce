#include "eventstore/base/random.h"

#include <openssl/rand.h>

#include "eventstore/base/check.h"

namespace kith {
namespace {

class OpenSslRandom final : public Random {
 public:
  void Fill(void* bytes, size_t size) override {
    KITH_CHECK(RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(size)) == 1);
  }
};

}  // namespace

Random& SystemRandom() {
  static OpenSslRandom random;
  return random;
}

}  // namespace kith
