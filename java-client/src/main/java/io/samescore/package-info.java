/**
 * Scores the artifacts that samescore compiles from fitted scikit-learn models: typed rows in, typed scores out.
 *
 * <p>Start at {@link io.samescore.Model#open(java.nio.file.Path)}. What an artifact takes and gives is its
 * {@link io.samescore.Contract}; everything that can go wrong is a {@link io.samescore.SamescoreException}.
 *
 * <p>No parameter may be {@code null} and no method returns {@code null} unless its documentation says so.
 */
package io.samescore;
