#pragma once

#include <gtest/gtest.h>

#include "lab.h"

namespace novip::admin {

class AdminTest : public ::testing::Test, protected AdminLab {};

}  // namespace novip::admin
