#include "services/runtime/server_builder.h"
