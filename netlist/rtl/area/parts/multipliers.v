// Signed multipliers of A by B bits in three forms.

// The operator. The synthesiser extends both operands to A + B bits and so builds about
// twice the partial products that are needed.
module part_multiply #(parameter A = 9, parameter B = 9) (
    input signed [A-1:0] a, input signed [B-1:0] b, output signed [A+B-1:0] y);
  assign y = a * b;
endmodule

// Baugh and Wooley: A·B partial products. Those with one sign bit are inverted, and two
// constants stand for what the extension of signs adds up to.
module part_multiply_array #(parameter A = 9, parameter B = 9) (
    input [A-1:0] a, input [B-1:0] b, output [A+B-1:0] y);
  wire [(A+B)*B-1:0] row;
  genvar i, j;
  generate
    for (j = 0; j < B; j = j + 1) begin : rows
      wire [A-1:0] product;
      for (i = 0; i < A; i = i + 1) begin : bits
        assign product[i] = (a[i] & b[j]) ^ ((i == A - 1) != (j == B - 1));
      end
      assign row[j*(A+B)+:A+B] = {{B{1'b0}}, product} << j;
    end
  endgenerate
  localparam [A+B-1:0] SIGNS = (1 << (A - 1)) + (1 << (B - 1)) + (1 << (A + B - 1));
  part_sum #(.N(B + 1), .W(A + B)) sum (.x({SIGNS, row}), .y(y));
endmodule

// Booth, radix 4: half the partial products, each of them selected from 0, ±a and ±2a.
module part_multiply_booth #(parameter A = 9, parameter B = 9) (
    input [A-1:0] a, input [B-1:0] b, output [A+B-1:0] y);
  localparam N = (B + 1) / 2;
  wire [2*N:0] digits;
  assign digits = {{2 * N - B{b[B-1]}}, b, 1'b0};
  wire [(A+B)*2*N-1:0] row;
  genvar j;
  generate
    for (j = 0; j < N; j = j + 1) begin : rows
      wire [2:0] d;
      wire one, two, minus;
      wire [A:0] word, product;
      assign d = digits[2*j+:3];
      assign one = d[1] ^ d[0];
      assign two = (d[2] ^ d[1]) & ~one;
      assign minus = d[2];
      assign word = (one ? {a[A-1], a} : {A + 1{1'b0}}) | (two ? {a, 1'b0} : {A + 1{1'b0}});
      assign product = word ^ {A + 1{minus}};
      // A sign is added as its inverse less one: the ones of all rows are a constant.
      assign row[2*j*(A+B)+:A+B] = {{B - 1{1'b0}}, ~product[A], product[A-1:0]} << (2 * j);
      assign row[(2*j+1)*(A+B)+:A+B] = {{A + B - 1{1'b0}}, minus} << (2 * j);
    end
  endgenerate
  // The sum of -2^(A+2j) over the rows.
  localparam [A+B-1:0] ONES = {{A + B - 2 * N{1'b0}}, {N{2'b01}}};
  localparam [A+B-1:0] SIGNS = -(ONES << A);
  part_sum #(.N(2 * N + 1), .W(A + B)) sum (.x({SIGNS, row}), .y(y));
endmodule

// The sum of N words of W bits, modulo 2^W.
module part_sum #(parameter N = 8, parameter W = 16) (input [N*W-1:0] x, output [W-1:0] y);
  genvar i;
  generate
    for (i = 0; i < N; i = i + 1) begin : upto
      wire [W-1:0] s;
      if (i == 0) begin : first
        assign s = x[W-1:0];
      end else begin : next
        assign s = upto[i-1].s + x[i*W+:W];
      end
    end
  endgenerate
  assign y = upto[N-1].s;
endmodule
