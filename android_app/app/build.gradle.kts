plugins {
    alias(libs.plugins.android.application)
}

android {
    namespace = libs.versions.appId.get()
    compileSdk =
        libs.versions.targetSdk
            .get()
            .toInt()

    defaultConfig {
        applicationId = libs.versions.appId.get()
        minSdk =
            libs.versions.minSdk
                .get()
                .toInt()
        targetSdk =
            libs.versions.targetSdk
                .get()
                .toInt()
        versionCode =
            libs.versions.appVersionCode
                .get()
                .toInt()
        versionName = libs.versions.appVersion.get()
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }

    androidResources {
        // Weights hardly shrink: stored as they are, they are read faster.
        noCompress += "tflite"
    }

    buildTypes {
        release {
            // Shrinking needs keep rules that only a device can prove; the app is small without.
            isMinifyEnabled = false
        }
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.litert)
    implementation(libs.litert.gpu)
    testImplementation(libs.junit)
    testImplementation(libs.kotlin.test.junit)
}
