import org.jetbrains.kotlin.gradle.dsl.JvmTarget

// Pure Kotlin, without any Android API.
plugins {
    alias(libs.plugins.kotlin.jvm)
}

kotlin {
    compilerOptions {
        jvmTarget = JvmTarget.JVM_11
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_11
    targetCompatibility = JavaVersion.VERSION_11
}

dependencies {
    testImplementation(libs.junit)
    testImplementation(libs.kotlin.test.junit)
}

tasks.test {
    // Shared with the other platforms.
    systemProperty("heirloom.golden", rootDir.resolve("../tests/golden").path)
}
