// The Android plugin compiles Kotlin itself; naming the Kotlin plugin here makes both use its version.
plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}
